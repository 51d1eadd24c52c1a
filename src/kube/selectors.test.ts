import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLabelSelector, matcherOf, parseFieldSelector, parseLabelSelector } from './selectors.ts';
import { StatusError } from './status.ts';

const labels = { app: 'web', tier: 'front', 'example.com/size': '3' };

const table: [string, boolean][] = [
  ['', true],
  ['app=web', true],
  ['app==web', true],
  ['app!=web', false],
  ['app=db', false],
  ['app', true],
  ['!app', false],
  ['!other', true],
  ['app in (web, db)', true],
  ['app notin (web)', false],
  ['missing notin (x)', true],
  ['app=web,tier=front', true],
  ['app=web,tier=back', false],
  ['example.com/size>2', true],
  ['example.com/size<3', false],
  ['app=', false],
  ['missing!=x', true],
  [' app = web , tier in (front) ', true],
];
for (const [selector, want] of table)
  test(`'${selector}' ${want ? 'selects' : 'does not select'} the object`, () => assert.equal(parseLabelSelector(selector)(labels), want));

for (const selector of ['app=web,', '=web', 'app in web', 'app in (web', 'a b', 'app=we b', '-app=x', 'a>x']) {
  test(`'${selector}' is a bad request`, () =>
    assert.throws(
      () => parseLabelSelector(selector),
      (error) => error instanceof StatusError && error.code === 400,
    ));
}

test('no selector selects nothing and an empty one everything', () => {
  assert.equal(matcherOf(undefined)(labels), false);
  assert.equal(matcherOf({})(labels), true);
});

test('all expressions of a selector must hold', () => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['front', 'back'] },
      { key: 'x', operator: 'DoesNotExist' },
    ],
  };
  assert.equal(matcherOf(selector)(labels), true);
  assert.equal(matcherOf(selector)({ ...labels, x: '1' }), false);
  assert.equal(formatLabelSelector(selector), '!x,app=web,tier in (back,front)');
});

test('field selectors know both operators and escapes', () => {
  assert.deepEqual(parseFieldSelector('metadata.name=a,status.phase!=Failed,x==b\\,c'), [
    { field: 'metadata.name', op: '=', value: 'a' },
    { field: 'status.phase', op: '!=', value: 'Failed' },
    { field: 'x', op: '=', value: 'b,c' },
  ]);
  assert.throws(() => parseFieldSelector('nonsense'), StatusError);
});
