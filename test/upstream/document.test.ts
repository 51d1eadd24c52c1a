import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSection } from '../../scripts/upstream/document.ts';

const ORDER = ['First', 'Second'];
const EMPTY = 'By hand.\n\n<!-- Everything below is written by npm run test:upstream. -->\n';

test('a suite writes its own section, and leaves those of others and what is written by hand', () => {
  const second = withSection(EMPTY, { title: 'Second', summary: '2 of 3', details: ['- a detail'] }, ORDER, 'v1');
  const both = withSection(second, { title: 'First', summary: '1 of 1', details: [] }, ORDER, 'v1');
  assert.match(both, /^By hand\./);
  assert.match(both, /\| First \| 1 of 1 \|\n\| Second \| 2 of 3 \|\n\n## First\n\n1 of 1\.\n\n## Second\n\n2 of 3\.\n\n- a detail/);
  const again = withSection(both, { title: 'Second', summary: '3 of 3', details: [] }, ORDER, 'v2');
  assert.match(again, /Reference: Kubernetes v2\./);
  assert.match(again, /\| Second \| 3 of 3 \|/);
  assert.doesNotMatch(again, /a detail/);
});
