/**
 * `npm run test:upstream [SUITE] [CASE]`: upstream's own programs beside ours. Builds what is missing, runs the suites and writes their
 * table to docs/compatibility.md (only when all suites ran). Says what cannot run here.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SUITES } from '../../test/upstream/suites.ts';
import type { Suite, SuiteReport } from '../../test/upstream/suite.ts';
import { REFERENCE, ROOT, tool, whyNoTools } from './tools.ts';

const [only, filter = ''] = process.argv.slice(2);
const chosen = SUITES.filter(({ name }) => only === undefined || name === only);
if (chosen.length === 0) {
  process.stderr.write(`no suite '${only}'; there are: ${SUITES.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}
const DOCUMENT = join(ROOT, 'docs/compatibility.md');
const HEADING = '<!-- Everything below is written by npm run test:upstream. -->';
const reports = new Map<Suite, SuiteReport>();
for (const suite of chosen) {
  const reason = whyNoTools(suite.tools) ?? suite.whyNot?.();
  if (reason !== undefined) {
    process.stdout.write(`${suite.name}: not run: ${reason}\n`);
    continue;
  }
  for (const name of suite.tools) await tool(name);
  const report = await suite.run({ dir: mkdtempSync(join(tmpdir(), `argosy-${suite.name}-`)), filter, log: (text) => process.stdout.write(`${text}\n`) });
  process.stdout.write(`${suite.name}: ${report.summary}\n`);
  reports.set(suite, report);
}
if (reports.size === SUITES.length && filter === '') write();
process.exit(0);

function write(): void {
  const before = readFileSync(DOCUMENT, 'utf8').split(HEADING)[0] ?? '';
  const rows = [...reports].map(([{ title }, { summary }]) => `| ${title} | ${summary} |`);
  const sections = [...reports].flatMap(([{ title }, { summary, details }]) => [`## ${title}`, '', `${summary}.`, '', ...details, '']);
  const text = [`Reference: Kubernetes ${REFERENCE}.`, '', '| suite | result |', '| --- | --- |', ...rows, '', ...sections].join('\n');
  writeFileSync(DOCUMENT, `${before}${HEADING}\n${text.trimEnd()}\n`);
}
