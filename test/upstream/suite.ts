/** What `npm run test:upstream` runs: one suite a file, each with its section in docs/compatibility.md. */
import type { Tool } from '../../scripts/upstream/tools.ts';

export interface SuiteRun {
  /** An empty folder of the suite's own; the suite removes it. */
  dir: string;
  /** Only cases whose name holds this text. */
  filter: string;
  log(text: string): void;
}

export interface SuiteReport {
  /** One line for the table. */
  summary: string;
  /** Markdown under the suite's heading. */
  details: readonly string[];
  /** How many things that should hold do not. */
  failed: number;
}

export interface Suite {
  name: string;
  title: string;
  tools: readonly Tool[];
  /** Other reasons why it cannot run here: a Debian package that is missing. */
  whyNot?(): string | undefined;
  run(run: SuiteRun): Promise<SuiteReport>;
}
