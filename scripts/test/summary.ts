/** Counts tests and prints one line a file, and all of what failed. */
import { relative } from 'node:path';
import { inspect } from 'node:util';

export interface Outcome {
  file: string;
  name: string;
  passed: boolean;
  ms: number;
  /** Shown when it failed. */
  details?: string;
}

/** What node:test reports about a test or suite; the fields that count here. */
interface TestEvent {
  name: string;
  file?: string | undefined;
  nesting: number;
  skip?: string | boolean | undefined;
  todo?: string | boolean | undefined;
  details: { duration_ms: number; type?: string | undefined; error?: Error | undefined };
}

const SLOW_MS = 5000;

export class Summary {
  passed = 0;
  failed = 0;
  readonly #failures: Outcome[] = [];
  readonly #skipped = new Set<string>();

  add(outcome: Outcome): void {
    if (outcome.passed) this.passed++;
    else {
      this.failed++;
      this.#failures.push(outcome);
    }
    const mark = outcome.passed ? 'ok  ' : 'FAIL';
    const seconds = outcome.ms > SLOW_MS ? `  (${(outcome.ms / 1000).toFixed(0)} s)` : '';
    if (!outcome.passed || outcome.file === 'checks' || outcome.ms > SLOW_MS) process.stdout.write(`${mark}  ${outcome.file}: ${outcome.name}${seconds}\n`);
  }

  event(event: TestEvent, passed: boolean, root: string): void {
    const file = relative(root, event.file ?? '');
    // A whole file is reported once more as a test named by its path, and says nothing new unless it broke outside its tests.
    const isFile = event.file !== undefined && (event.name === event.file || event.name === file);
    if ((event.details.type === 'suite' || isFile) && (passed || isEcho(event.details.error))) {
      if (isFile) process.stdout.write(`${passed ? 'ok  ' : 'FAIL'}  ${file}\n`);
      return;
    }
    if (event.skip !== undefined && event.skip !== false) {
      const line = `skip  ${file}: ${typeof event.skip === 'string' ? event.skip : event.name}\n`;
      if (!this.#skipped.has(line)) process.stdout.write(line);
      this.#skipped.add(line);
      return;
    }
    this.add({ file, name: event.name, passed, ms: event.details.duration_ms, ...(passed ? {} : { details: describe(event.details.error) }) });
  }

  failures(): string {
    return this.#failures.map(({ file, name, details }) => `\n── ${file}: ${name}\n${details ?? ''}\n`).join('');
  }
}

/** A suite or file that failed only because a test in it did. */
function isEcho(error: Error | undefined): boolean {
  return (error as { failureType?: string } | undefined)?.failureType === 'subtestsFailed';
}

function describe(error: Error | undefined): string {
  const cause = error?.cause ?? error;
  return cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause, { depth: 4 });
}
