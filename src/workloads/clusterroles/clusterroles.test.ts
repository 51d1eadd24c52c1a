import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterRole, PolicyRule } from '../../kube/rbac/types.ts';
import { aggregatedRules } from './decide.ts';

const rule = (resource: string): PolicyRule => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });

function role(name: string, labels: Record<string, string>, rules: PolicyRule[], gathers?: string): ClusterRole {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, labels },
    rules,
    ...(gathers === undefined ? {} : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: gathers } }] } }),
  };
}

const all = [
  role('b', { to: 'view' }, [rule('pods'), rule('nodes')]),
  role('a', { to: 'view' }, [rule('secrets'), rule('pods')]),
  role('c', { to: 'edit' }, [rule('x')]),
];

test('an aggregated role has the rules of those it selects, each once, in the order of names', () => {
  assert.deepEqual(aggregatedRules(role('view', {}, [rule('old')], 'view'), all), [rule('secrets'), rule('pods'), rule('nodes')]);
});

test('it does not gather from itself, and is left alone when it has what it should', () => {
  const done = role('view', { to: 'view' }, [rule('secrets'), rule('pods'), rule('nodes')], 'view');
  assert.equal(aggregatedRules(done, [...all, done]), undefined);
  assert.deepEqual(aggregatedRules(done, [done]), []);
  assert.equal(aggregatedRules(role('plain', {}, []), all), undefined);
});
