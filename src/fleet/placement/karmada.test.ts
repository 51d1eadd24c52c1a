import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CASES, generatedCase, ourAnswer } from './testing/cases.ts';

test("Karmada's own scheduler gave the same answers to three thousand requests (scripts/karmada/answers.ts)", () => {
  const [, ...answers] = readFileSync(join(import.meta.dirname, 'fixtures/karmada-answers.txt'), 'utf8')
    .trimEnd()
    .split('\n');
  assert.equal(answers.length, CASES);
  const different = answers.flatMap((answer, seed) => {
    const ours = ourAnswer(generatedCase(seed));
    return ours === answer ? [] : [`seed ${seed}: Karmada ${answer}, ours ${ours}`];
  });
  assert.deepEqual(different, []);
  const kinds = new Set(answers.map((answer) => /^[A-Z]\w+/.exec(answer)?.[0] ?? 'placed'));
  assert.deepEqual([...kinds].sort(), ['NoClusterFit', 'SchedulerError', 'Unschedulable', 'placed']);
});
