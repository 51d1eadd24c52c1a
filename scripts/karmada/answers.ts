/**
 * Asks Karmada's own scheduler what it makes of generated requests, and keeps its answers for the tests of placement:
 * node scripts/karmada/answers.ts CHECKOUT [--compare COUNT]
 * CHECKOUT is a checkout of github.com/karmada-io/karmada; Go must be installed. With --compare nothing is written: so many
 * requests are answered by both, and what differs is shown.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { answerLine, CASES, generatedCase, ourAnswer, type GeneratedCase } from '../../src/fleet/placement/testing/cases.ts';

const ANSWERS = join(import.meta.dirname, '../../src/fleet/placement/fixtures/karmada-answers.txt');
const MEBIBYTE = 2 ** 20;

function buildIn(checkout: string, program: string): void {
  const source = join(checkout, 'cmd', 'argosy-answers');
  mkdirSync(source, { recursive: true });
  try {
    copyFileSync(join(import.meta.dirname, 'answers.go'), join(source, 'main.go'));
    execFileSync('go', ['build', '-mod=vendor', '-o', program, './cmd/argosy-answers'], { cwd: checkout, stdio: ['ignore', 'inherit', 'inherit'] });
  } finally {
    rmSync(source, { recursive: true });
  }
}

function ask(program: string, cases: readonly GeneratedCase[]): string[] {
  const input = cases.map((one) => JSON.stringify(one)).join('\n');
  const answers = execFileSync(program, { input, encoding: 'utf8', maxBuffer: 1024 * MEBIBYTE, stdio: ['pipe', 'pipe', 'inherit'] });
  return answers
    .trimEnd()
    .split('\n')
    .map((line) => answerLine(JSON.parse(line) as Parameters<typeof answerLine>[0]));
}

const { values, positionals } = parseArgs({ options: { compare: { type: 'string' } }, allowPositionals: true });
const [checkout] = positionals;
if (checkout === undefined) throw new Error('usage: node scripts/karmada/answers.ts CHECKOUT [--compare COUNT]');
const directory = mkdtempSync(join(tmpdir(), 'karmada-answers-'));
try {
  const program = join(directory, 'answers');
  buildIn(checkout, program);
  const cases = Array.from({ length: values.compare === undefined ? CASES : Number(values.compare) }, (_, seed) => generatedCase(seed));
  const answers = ask(program, cases);
  if (values.compare === undefined) {
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: checkout, encoding: 'utf8' }).trim();
    writeFileSync(ANSWERS, [`Karmada ${commit}`, ...answers, ''].join('\n'));
  } else {
    const different = cases.flatMap((one, seed) =>
      ourAnswer(one) === answers[seed] ? [] : [`seed ${seed}: Karmada ${answers[seed]}, ours ${ourAnswer(one)}`],
    );
    process.stdout.write([...different, `${different.length} of ${cases.length} answers differ`, ''].join('\n'));
    if (different.length > 0) process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true });
}
