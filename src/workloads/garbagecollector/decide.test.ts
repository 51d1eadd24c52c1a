import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMaps } from '../../kube/resources.ts';
import { judge, type OwnerState } from './decide.ts';
import { OwnerGraph } from './graph.ts';

const owner = (uid: string, state: OwnerState) => ({ reference: { apiVersion: 'v1', kind: 'ConfigMap', name: uid, uid }, state });
const alive = { deleting: false, finalizers: [] };

test('an object is kept while one owner lives, and loses the references to the others', () => {
  assert.deepEqual(judge([], [], []), { action: 'keep' });
  assert.deepEqual(judge([owner('a', 'solid')], [], []), { action: 'keep' });
  assert.deepEqual(judge([owner('a', 'solid'), owner('b', 'gone'), owner('c', 'waiting')], [], [alive]), { action: 'drop-references', uids: ['b', 'c'] });
});

test('an object without a living owner goes, in the way that was asked for', () => {
  assert.deepEqual(judge([owner('a', 'gone')], [], [alive]), { action: 'delete', policy: 'Background' });
  assert.deepEqual(judge([owner('a', 'waiting')], [], [alive]), { action: 'delete', policy: 'Foreground' });
  assert.deepEqual(judge([owner('a', 'waiting')], [], []), { action: 'delete', policy: 'Background' });
  assert.deepEqual(judge([owner('a', 'gone')], ['orphan'], [alive]), { action: 'delete', policy: 'Orphan' });
});

test('an object between two that wait for their dependents is no longer waited for', () => {
  const waiting = { deleting: true, finalizers: ['foregroundDeletion'] };
  assert.deepEqual(judge([owner('a', 'waiting')], [], [alive, waiting]), { action: 'delete', policy: 'Foreground', unblock: true });
  assert.deepEqual(judge([owner('a', 'gone')], [], [waiting]), { action: 'delete', policy: 'Background' });
});

test('the graph follows owners that change', () => {
  const graph = new OwnerGraph();
  const object = (uids: string[]) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x', namespace: 'default', uid: 'x', ownerReferences: uids.map((uid) => owner(uid, 'solid').reference) },
  });
  graph.put(configMaps, object(['a', 'b']));
  assert.equal(graph.dependents('a').length, 1);
  graph.put(configMaps, object(['b']));
  assert.deepEqual([graph.dependents('a').length, graph.dependents('b').length], [0, 1]);
  graph.remove('x');
  assert.equal(graph.dependents('b').length, 0);
});
