/** Counts tests: a line at once for what failed or was slow, one line a file, and at the end all about the failures. */
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
  readonly #files = new Map<string, { passed: number; failed: number; skipped: number; why: string }>();

  add(outcome: Outcome): void {
    if (outcome.passed) this.passed++;
    else {
      this.failed++;
      this.#failures.push(outcome);
    }
    const seconds = outcome.ms > SLOW_MS ? `  (${(outcome.ms / 1000).toFixed(0)} s)` : '';
    if (!outcome.passed || outcome.ms > SLOW_MS) process.stdout.write(`${outcome.passed ? 'slow' : 'FAIL'}  ${outcome.file}: ${outcome.name}${seconds}\n`);
  }

  event(event: TestEvent, passed: boolean, root: string): void {
    const file = relative(root, event.file ?? '');
    // A suite says nothing that its tests have not said, unless it broke outside of them.
    if (event.details.type === 'suite' && (passed || isEcho(event.details.error))) return;
    const counts = this.#files.get(file) ?? { passed: 0, failed: 0, skipped: 0, why: '' };
    this.#files.set(file, counts);
    if (event.skip !== undefined && event.skip !== false) {
      counts.skipped++;
      if (typeof event.skip === 'string') counts.why = event.skip;
      return;
    }
    if (passed) counts.passed++;
    else counts.failed++;
    this.add({ file, name: event.name, passed, ms: event.details.duration_ms, ...(passed ? {} : { details: describe(event.details.error) }) });
  }

  /** One line a file. */
  fileLines(): string {
    const lines = [...this.#files].map(([file, { passed, failed, skipped, why }]) => {
      const parts = [`${passed} ok`, failed > 0 && `${failed} FAILED`, skipped > 0 && `${skipped} skipped${why === '' ? '' : `: ${why}`}`];
      return `  ${file}: ${parts.filter(Boolean).join(', ')}\n`;
    });
    this.#files.clear();
    return lines.join('');
  }

  failures(): string {
    return this.#failures.map(({ file, name, details }) => `\n── ${file}: ${name}\n${details ?? ''}\n`).join('');
  }
}

/** A suite that failed only because a test in it did. */
function isEcho(error: Error | undefined): boolean {
  return (error as { failureType?: string } | undefined)?.failureType === 'subtestsFailed';
}

function describe(error: Error | undefined): string {
  const cause = error?.cause ?? error;
  return cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause, { depth: 4 });
}
