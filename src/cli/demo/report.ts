/** The report of the capacity experiment: a table and a chart for the terminal, and a page of HTML that needs nothing else. */
import { svgChart, terminalChart } from './chart.ts';
import type { Run } from './series.ts';

function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

const HEAD = ['', 'FIFTH POD RUNNING', 'FIFTH POD READY', 'REQUESTS', 'FAILED', 'P50', 'P99'];

function cells(run: Run): string[] {
  const { sent, failed, p50Ms, p99Ms } = run.requests;
  return [
    run.title,
    seconds(run.fifthRunningSeconds),
    seconds(run.fifthReadySeconds),
    String(sent),
    String(failed),
    `${p50Ms.toFixed(1)} ms`,
    `${p99Ms.toFixed(1)} ms`,
  ];
}

export function terminalReport(runs: readonly Run[], width: number): string {
  return `${table([HEAD, ...runs.map(cells)])}\n\nReady pods over time\n${terminalChart(runs, width)}`;
}

/** `facts` are lines under the title: boot delay, node type, machine. */
export function htmlReport(runs: readonly Run[], facts: readonly string[]): string {
  const rows = runs.map((run, i) => htmlRow(cells(run), `run${i}`)).join('\n');
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Argosy: capacity before it is needed</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 800px; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid #d9e0e6; }
svg { width: 100%; } .grid { stroke: #e3e8ec; } .tick { font-size: 11px; fill: #6a7885; } .title { font-size: 13px; font-weight: 600; fill: #1c2733; }
.line { fill: none; stroke-width: 2.5; } .line.run0 { stroke: #c2543a; } .line.run1 { stroke: #1f7a6d; } th.run0 { color: #c2543a; } th.run1 { color: #1f7a6d; }
</style>
<h1>Capacity before it is needed</h1>
<p>${facts.map(escapeHtml).join('<br>')}</p>
<table><tr>${HEAD.map((cell) => `<th>${escapeHtml(cell)}</th>`).join('')}</tr>
${rows}
</table>
${svgChart(runs, { title: 'Ready podinfo pods, seconds after kubectl scale --replicas=5', value: (s) => s.ready })}
${svgChart(runs, { title: 'Ready nodes', value: (s) => s.nodes })}
${svgChart(runs, { title: 'Requests answered a second', value: (s) => s.requestsPerSecond })}
</html>
`;
}

function htmlRow([title = '', ...figures]: readonly string[], style: string): string {
  return `<tr><th class="${style}">${escapeHtml(title)}</th>${figures.map((figure) => `<td>${escapeHtml(figure)}</td>`).join('')}</tr>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
