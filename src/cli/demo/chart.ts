/** Step charts of the runs, for a terminal and as SVG. Pure text in, text out. */

/** What was measured at one moment of a run. */
export interface Moment {
  atSeconds: number;
}

/** One line of a chart. */
export interface Series<S extends Moment> {
  title: string;
  samples: readonly S[];
}

const SHADES = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/** A horizontal bar of at most `width` cells; `share` in 0..1. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const full = '█'.repeat(Math.floor(eighths / 8));
  const rest = eighths % 8;
  return rest === 0 ? full : full + (SHADES[rest - 1] ?? '');
}

/** The value in force at a moment: the last sample at or before it. */
export function valueAt<S extends Moment>(samples: readonly S[], atSeconds: number, value: (sample: S) => number): number | undefined {
  let found: number | undefined;
  for (const sample of samples) {
    if (sample.atSeconds > atSeconds) break;
    found = value(sample);
  }
  return found;
}

export interface TextChart<S extends Moment> {
  width: number;
  /** What stands for a value: one character. */
  glyph(value: number): string;
  value(sample: S): number;
  /** What the time is counted from: 'kubectl scale'. */
  since: string;
}

/** A line a run, a column a time step. `width` in columns. */
export function terminalChart<S extends Moment>(runs: readonly Series<S>[], { width, glyph, value, since }: TextChart<S>): string {
  const titleWidth = Math.max(...runs.map((run) => run.title.length));
  const columns = Math.max(10, width - titleWidth - 4);
  const end = endOf(runs);
  const lines = runs.map(({ title, samples }) => {
    let line = '';
    for (let column = 0; column < columns; column++) {
      const found = valueAt(samples, (column / (columns - 1)) * end, value);
      line += found === undefined ? ' ' : glyph(found);
    }
    return `${title.padEnd(titleWidth)}  ${line}`;
  });
  const left = '0 s';
  const right = `${Math.round(end)} s after ${since}`;
  const axis = `${' '.repeat(titleWidth)}  ${left}${' '.repeat(Math.max(1, columns - left.length - right.length))}${right}`;
  return [...lines, axis].join('\n');
}

function endOf(runs: readonly Series<Moment>[]): number {
  return Math.max(1, ...runs.map((run) => run.samples.at(-1)?.atSeconds ?? 0));
}

interface Frame {
  width: number;
  height: number;
  endSeconds: number;
  top: number;
}

const MARGIN = { left: 44, right: 16, top: 28, bottom: 34 };

function x(frame: Frame, seconds: number): number {
  return MARGIN.left + (seconds / frame.endSeconds) * (frame.width - MARGIN.left - MARGIN.right);
}

function y(frame: Frame, value: number): number {
  return frame.height - MARGIN.bottom - (value / frame.top) * (frame.height - MARGIN.top - MARGIN.bottom);
}

/** A step line through the samples, as an SVG path. */
function stepPath<S extends Moment>(frame: Frame, samples: readonly S[], value: (sample: S) => number): string {
  const parts: string[] = [];
  for (const sample of samples) {
    const point = `${x(frame, sample.atSeconds).toFixed(1)}`;
    const level = y(frame, value(sample)).toFixed(1);
    parts.push(parts.length === 0 ? `M${point},${level}` : `H${point}V${level}`);
  }
  return parts.join('');
}

function gridLines(frame: Frame, step: number): string {
  const lines: string[] = [];
  for (let value = 0; value <= frame.top; value += step) {
    const level = y(frame, value).toFixed(1);
    lines.push(`<line class="grid" x1="${MARGIN.left}" x2="${frame.width - MARGIN.right}" y1="${level}" y2="${level}"/>`);
    lines.push(`<text class="tick" x="${MARGIN.left - 8}" y="${level}" dy="4" text-anchor="end">${value}</text>`);
  }
  const secondsStep = Math.max(1, Math.ceil(frame.endSeconds / 8 / 5) * 5);
  for (let seconds = 0; seconds <= frame.endSeconds; seconds += secondsStep) {
    lines.push(`<text class="tick" x="${x(frame, seconds).toFixed(1)}" y="${frame.height - MARGIN.bottom + 18}" text-anchor="middle">${seconds} s</text>`);
  }
  return lines.join('\n');
}

export interface ChartOptions<S extends Moment> {
  title: string;
  value(sample: S): number;
  /** A second line of each run, drawn dashed. */
  beside?(sample: S): number;
}

/** One chart with a line a run, classes `run0`, `run1`, … for colours. */
export function svgChart<S extends Moment>(runs: readonly Series<S>[], { title, value, beside }: ChartOptions<S>): string {
  const both = (sample: S): number[] => [value(sample), ...(beside ? [beside(sample)] : [])];
  const top = Math.max(1, ...runs.flatMap((run) => run.samples.flatMap(both)));
  const step = Math.max(1, Math.ceil(top / 6));
  const frame: Frame = { width: 760, height: 240, endSeconds: endOf(runs), top: Math.ceil(top / step) * step };
  const line = (style: string, samples: readonly S[], of: (sample: S) => number): string => `<path class="line ${style}" d="${stepPath(frame, samples, of)}"/>`;
  const paths = runs.flatMap((run, i) => [...(beside ? [line(`run${i} beside`, run.samples, beside)] : []), line(`run${i}`, run.samples, value)]);
  return `<svg viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${title}">
<text class="title" x="${MARGIN.left}" y="16">${title}</text>
${gridLines(frame, step)}
${paths.join('\n')}
</svg>`;
}
