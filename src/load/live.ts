/** The run as it goes: a chart that redraws itself in a terminal, plain lines elsewhere. */
import type { SecondPoint } from './recorder.ts';
import { countText, latencyText, secondText } from './summary.ts';

const BARS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const LABEL_WIDTH = 22;
/** Longer runs print fewer lines. */
const LINE_EACH_SECOND_MS = 60_000;
const LINE_EVERY = 10;

interface Screen {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

export function liveView(screen: Screen, durationMs: number): (point: SecondPoint) => void {
  if (screen.isTTY !== true) {
    let n = 0;
    return (point) => {
      n++;
      if (durationMs <= LINE_EACH_SECOND_MS || n % LINE_EVERY === 0) screen.write(`${secondText(point)}\n`);
    };
  }
  const points: SecondPoint[] = [];
  let drawn = 0;
  return (point) => {
    points.push(point);
    const lines = liveChart(points, screen.columns ?? 80);
    // Up to where the last picture began, and over it.
    screen.write(`${drawn === 0 ? '' : `\u001b[${drawn}A`}${lines.map((line) => `\u001b[2K${line}\n`).join('')}`);
    drawn = lines.length;
  };
}

/** A row a measure, a column a second, the newest at the right; each row has a scale of its own, which starts at 0. */
export function liveChart(points: readonly SecondPoint[], columns: number): string[] {
  const shown = points.slice(-Math.max(10, columns - LABEL_WIDTH - 1));
  const last = shown.at(-1);
  if (last === undefined) return [];
  const row = (name: string, text: string, value: (point: SecondPoint) => number): string => {
    const most = Math.max(...shown.map(value));
    const bars = shown.map((point) => BARS[most === 0 ? 0 : Math.ceil((value(point) / most) * 8)]).join('');
    return `${name.padEnd(11)}${text.padStart(LABEL_WIDTH - 12)} ${bars}`;
  };
  return [
    `${Math.round(last.at)} s`,
    row('requests/s', countText(last.requestsPerSecond), (p) => p.requestsPerSecond),
    row('p50', latencyText(last.p50), (p) => p.p50),
    row('p99', latencyText(last.p99), (p) => p.p99),
    row('failed/s', countText(last.failedPerSecond), (p) => p.failedPerSecond),
    last.users > 0
      ? row('users', countText(last.users), (p) => p.users)
      : row('on the way', countText(last.inFlight + last.waiting), (p) => p.inFlight + p.waiting),
  ];
}
