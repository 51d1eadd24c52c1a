import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkPolicy, loadPolicy } from './load.ts';
import { LogFile } from './log-file.ts';
import { evaluator, type AuditedRequest, type PolicyRule } from './policy.ts';

const dir = mkdtempSync(join(tmpdir(), 'argosy-audit-'));
after(() => rmSync(dir, { recursive: true }));

const HEAD = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy' };
const jane = { name: 'jane', groups: ['dev'] };
const logs: AuditedRequest = {
  user: jane,
  verb: 'get',
  path: '/api/v1/namespaces/a/pods/web/log',
  resource: { group: '', plural: 'pods', subresource: 'log', namespace: 'a', name: 'web' },
};
const health: AuditedRequest = { user: jane, verb: 'get', path: '/healthz/ping' };

function matches(rule: Omit<PolicyRule, 'level'>, request: AuditedRequest): boolean {
  return evaluator({ rules: [{ level: 'Metadata', ...rule }] })(request) !== undefined;
}

test('rules match by user, group, verb, namespace, resource and path', () => {
  assert.ok(matches({}, logs) && matches({}, health));
  assert.ok(matches({ users: ['jane'], userGroups: ['dev', 'ops'], verbs: ['get'] }, logs));
  assert.ok(!matches({ users: ['joe'] }, logs) && !matches({ userGroups: ['ops'] }, logs) && !matches({ verbs: ['list'] }, logs));
  assert.ok(matches({ namespaces: ['a'] }, logs) && !matches({ namespaces: ['b'] }, logs) && !matches({ namespaces: ['a'] }, health));
  for (const pattern of ['pods/log', 'pods/*', '*/log', '*']) assert.ok(matches({ resources: [{ resources: [pattern] }] }, logs), pattern);
  for (const pattern of ['pods', 'log', '*/exec', 'services/*']) assert.ok(!matches({ resources: [{ resources: [pattern] }] }, logs), pattern);
  assert.ok(matches({ resources: [{ group: '*' }] }, logs) && !matches({ resources: [{ group: 'apps' }] }, logs));
  assert.ok(!matches({ resources: [{ resources: ['*'], resourceNames: ['db'] }] }, logs));
  for (const pattern of ['*', '/healthz*', '/healthz/ping']) assert.ok(matches({ nonResourceURLs: [pattern] }, health), pattern);
  assert.ok(!matches({ nonResourceURLs: ['/healthz'] }, health) && !matches({ nonResourceURLs: ['*'] }, logs));
});

test('the first rule that matches decides, and says what is left out', () => {
  const evaluate = evaluator({
    omitStages: ['RequestReceived'],
    omitManagedFields: true,
    rules: [
      { level: 'None', users: ['joe'] },
      { level: 'Request', omitStages: ['ResponseStarted'], omitManagedFields: false },
    ],
  });
  assert.equal(evaluate({ ...logs, user: { name: 'joe', groups: [] } }), undefined);
  assert.deepEqual(evaluate(logs), { level: 'Request', omitStages: new Set(['RequestReceived', 'ResponseStarted']), omitManagedFields: false });
});

for (const [wrong, message] of [
  [{ kind: 'Policy', apiVersion: 'audit.k8s.io/v1beta1' }, /must have apiVersion: audit.k8s.io\/v1 and kind: Policy/],
  [{ ...HEAD, rules: [] }, /^Error: loaded illegal policy with 0 rules$/],
  [{ ...HEAD, rules: [{}] }, /^Error: rules\[0\].level: Required value$/],
  [{ ...HEAD, rules: [{ level: 'All' }] }, /rules\[0\].level: Unsupported value: "All": supported values: "Metadata", "None", "Request", "RequestResponse"/],
  [{ ...HEAD, rules: [{ level: 'None', user: ['jane'] }] }, /rules\[0\].user: Forbidden: unknown field/],
  [{ ...HEAD, rules: [{ level: 'None', nonResourceURLs: ['a', '/b*c'] }] }, /must begin with a '\/' character, .*must be the final character of the rule/],
  [{ ...HEAD, rules: [{ level: 'None', nonResourceURLs: ['*'], namespaces: ['a'] }] }, /rules cannot apply to both regular resources and non-resource URLs/],
  [
    { ...HEAD, rules: [{ level: 'None', resources: [{ group: 'apps/v1' }] }] },
    /rules\[0\].resources\[0\].group: Invalid value: "apps\/v1": a lowercase RFC 1123/,
  ],
  [{ ...HEAD, rules: [{ level: 'None', resources: [{ resourceNames: ['a'] }] }] }, /using resourceNames requires at least one resource/],
  [{ ...HEAD, omitStages: ['Never'], rules: [{ level: 'None' }] }, /omitStages\[0\]: Invalid value: "Never": allowed stages are RequestReceived,/],
] as const) {
  test(`a policy is refused: ${message.source}`, () => assert.throws(() => checkPolicy(wrong), message));
}

test('a policy file that is missing or broken is named', async () => {
  await assert.rejects(loadPolicy(join(dir, 'none.yaml')), /failed to read file path ".*none.yaml": ENOENT/);
  writeFileSync(join(dir, 'broken.yaml'), 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Everything}]\n');
  await assert.rejects(loadPolicy(join(dir, 'broken.yaml')), /rules\[0\].level: Unsupported value: "Everything".*: from file .*broken.yaml$/);
});

test('a full log is put aside, and only so many are kept', () => {
  const path = join(dir, 'rotated', 'audit.log');
  let now = 0;
  const file = new LogFile({ path, maxBytes: 150, maxBackups: 2, now: () => now, onError: (message) => assert.fail(message) });
  for (let i = 0; i < 10; i++) {
    now = i * 1000;
    file.write(`{"line":${i},"text":"${'x'.repeat(40)}"}`);
    file.flush();
  }
  file.close();
  const names = readdirSync(join(dir, 'rotated')).sort();
  assert.deepEqual(names, ['audit-1970-01-01T00-00-06.000.log', 'audit-1970-01-01T00-00-08.000.log', 'audit.log']);
  const lines = names.flatMap((name) =>
    readFileSync(join(dir, 'rotated', name), 'utf8')
      .trim()
      .split('\n'),
  );
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { line: number }).line),
    [4, 5, 6, 7, 8, 9],
  );
});
