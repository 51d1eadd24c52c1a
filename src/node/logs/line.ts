/** Lines of a container's log as conmon writes them (the CRI log format): 'TIME STREAM F|P TEXT'. Pure. */
export interface LogLine {
  /** RFC 3339 with nanoseconds. */
  time: string;
  stream: 'stdout' | 'stderr';
  /** With its newline, unless the line was cut for length (P) and goes on in the next. */
  text: string;
}

/** Undefined for a line that is none. `line` is without its newline. */
export function parseLine(line: string): LogLine | undefined {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  const third = line.indexOf(' ', second + 1);
  if (first < 0 || second < 0) return undefined;
  const tag = third < 0 ? line.slice(second + 1) : line.slice(second + 1, third);
  if (tag !== 'F' && tag !== 'P') return undefined;
  const body = third < 0 ? '' : line.slice(third + 1);
  return {
    time: normalTime(line.slice(0, first)),
    stream: line.slice(first + 1, second) === 'stderr' ? 'stderr' : 'stdout',
    text: tag === 'F' ? `${body}\n` : body,
  };
}

/** conmon writes an offset, kubectl's users expect Z. */
function normalTime(time: string): string {
  return time.replace(/\+00:00$/, 'Z');
}
