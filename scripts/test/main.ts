/**
 * Every check, one after the other: types, lint, dead code, then all tests (unit tests side by side, tests that boot clusters one by one),
 * and the tests of the API once more with the oldest and newest kubectl.
 * The last line is 'N passed, N failed'. Arguments: parts of file names; then only tests of files that match run.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { KUBECTL_VERSIONS, kubectlFolder } from './kubectl-versions.ts';
import { Summary } from './summary.ts';

/** A file whose tests hang fails instead of holding up all others. */
const FILE_TIMEOUT_MS = 300_000;

const root = join(import.meta.dirname, '../..');
const filters = process.argv.slice(2);
const summary = new Summary();

if (filters.length === 0) {
  check('types', 'tsc', ['--noEmit']);
  check('lint', 'oxlint', ['--deny-warnings']);
  check('format', 'oxfmt', ['--check', '{src,test,bench,scripts}/**/*.{ts,mjs}']);
  check('dead code', 'knip', []);
}
const wanted = (file: string): boolean => filters.every((filter) => file.includes(filter));
const unit = globSync(['src/**/*.test.ts', 'test/*.test.ts'], { cwd: root }).filter(wanted).toSorted();
const whole = globSync('test/*/**/*.test.ts', { cwd: root }).filter(wanted).toSorted();
await runFiles(unit, availableParallelism());
// They measure, and use the machine's network and containers.
await runFiles(whole, 1);
if (filters.length === 0) {
  const { PATH } = process.env;
  for (const version of KUBECTL_VERSIONS) {
    const folder = kubectlFolder(root, version);
    if (folder === undefined) continue;
    process.stdout.write(`kubectl 1.${version}\n`);
    process.env.PATH = `${folder}:${PATH}`;
    await runFiles(
      whole.filter((file) => file.startsWith('test/kubectl/')),
      1,
    );
  }
  process.env.PATH = PATH;
}

process.stdout.write(summary.failures());
process.stdout.write(`\n${summary.passed} passed, ${summary.failed} failed\n`);
process.exit(summary.failed > 0 ? 1 : 0);

/** A check counts as one test. */
function check(name: string, program: string, args: readonly string[]): void {
  const startedAt = performance.now();
  process.stdout.write(`${name}\n`);
  const result = spawnSync(process.execPath, [join(root, 'node_modules/.bin', program), ...args], { cwd: root, encoding: 'utf8' });
  summary.add({ file: 'checks', name, passed: result.status === 0, ms: performance.now() - startedAt, details: `${result.stdout}${result.stderr}` });
}

async function runFiles(files: readonly string[], concurrency: number): Promise<void> {
  if (files.length === 0) return;
  const stream = run({ files: files.map((file) => join(root, file)), concurrency, cwd: root, timeout: FILE_TIMEOUT_MS });
  stream.on('test:pass', (test) => summary.event(test, true, root)).on('test:fail', (test) => summary.event(test, false, root));
  stream.resume();
  await new Promise((done) => stream.once('close', done).once('end', done));
  process.stdout.write(summary.fileLines());
}
