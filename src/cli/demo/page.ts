/** The HTML of a report: one page that needs nothing else. */
export interface Page {
  title: string;
  /** Lines under the title. */
  facts: readonly string[];
  head: readonly string[];
  /** The first cell of a row is its title. */
  rows: readonly (readonly string[])[];
  /** SVG. */
  charts: readonly string[];
  /** Lines under the charts. */
  notes?: readonly string[];
}

const COLORS = ['#c2543a', '#b7791f', '#1f7a6d'];

export function htmlPage({ title, facts, head, rows, charts, notes = [] }: Page): string {
  const colors = COLORS.map((color, i) => `.line.run${i} { stroke: ${color}; } th.run${i} { color: ${color}; }`).join(' ');
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 860px; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid #d9e0e6; }
svg { width: 100%; } .grid { stroke: #e3e8ec; } .tick { font-size: 11px; fill: #6a7885; } .title { font-size: 13px; font-weight: 600; fill: #1c2733; }
.line { fill: none; stroke-width: 2.5; } .beside { stroke-width: 1; stroke-dasharray: 4 3; } ${colors}
</style>
<h1>${escapeHtml(title)}</h1>
<p>${facts.map(escapeHtml).join('<br>')}</p>
<table><tr>${head.map((cell) => `<th>${escapeHtml(cell)}</th>`).join('')}</tr>
${rows.map(htmlRow).join('\n')}
</table>
${charts.join('\n')}
<p>${notes.map(escapeHtml).join('<br>')}</p>
</html>
`;
}

function htmlRow([title = '', ...figures]: readonly string[], i: number): string {
  return `<tr><th class="run${i}">${escapeHtml(title)}</th>${figures.map((figure) => `<td>${escapeHtml(figure)}</td>`).join('')}</tr>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** '0.47 s', '18.8 s' */
export function seconds(value: number | undefined): string {
  return value === undefined ? '—' : `${value.toFixed(value < 10 ? 2 : 1)} s`;
}
