/**
 * `npm run test:upstream [SUITE] [CASE]`: upstream's own programs beside ours. Builds what is missing, runs the suites and writes their
 * part of docs/compatibility.md (only when all of its cases ran). Says what cannot run here.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteRunning } from '../../test/e2e/cluster.ts';
import { SUITES } from '../../test/upstream/suites.ts';
import type { Suite, SuiteReport } from '../../test/upstream/suite.ts';
import { withSection } from './document.ts';
import { REFERENCE, ROOT, tool, whyNoTools } from './tools.ts';

const [only, filter = ''] = process.argv.slice(2);
const chosen = SUITES.filter(({ name }) => only === undefined || name === only);
if (chosen.length === 0) {
  process.stderr.write(`no suite '${only}'; there are: ${SUITES.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}
const DOCUMENT = join(ROOT, 'docs/compatibility.md');
const dirs: string[] = [];
// What suites start ends with the process, except clusters: they have processes of their own.
process.once('exit', () => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.stderr.write(`${signal}: cleaning up; once more to leave everything as it is\n`);
    void deleteRunning().finally(() => process.exit(128 + constants.signals[signal]));
  });
}
for (const suite of chosen) {
  const reason = whyNoTools(suite.tools) ?? suite.whyNot?.();
  if (reason !== undefined) {
    process.stdout.write(`${suite.name}: not run: ${reason}\n`);
    continue;
  }
  for (const name of suite.tools) await tool(name);
  const dir = mkdtempSync(join(tmpdir(), `argosy-${suite.name}-`));
  dirs.push(dir);
  const report = await suite.run({ dir, filter, log: (text) => process.stdout.write(`${text}\n`) });
  process.stdout.write(`${suite.name}: ${report.summary}\n`);
  if (filter === '') write(suite, report);
}
process.exit(0);

function write({ title }: Suite, { summary, details }: SuiteReport): void {
  const order = SUITES.map((suite) => suite.title);
  writeFileSync(DOCUMENT, withSection(readFileSync(DOCUMENT, 'utf8'), { title, summary, details }, order, REFERENCE));
}
