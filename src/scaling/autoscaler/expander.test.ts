import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeResources } from '../../cloud/allocatable.ts';
import { instanceType } from '../../cloud/catalogue/index.ts';
import type { Pod } from '../../kube/types.ts';
import { seededRandom } from '../../runtime/random.ts';
import { choose, type ChooseContext, type Option } from './expander.ts';

function option(type: string, nodes: number, pods: number): Option {
  const found = instanceType(type);
  assert.ok(found);
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '250m', memory: '1G' } } }] },
  };
  return {
    pool: { name: `${type}-pool`, instanceType: found, min: 0, max: 100 },
    capacity: nodeResources(found).capacity,
    nodes,
    pods: Array.from({ length: pods }, () => ({ ...pod })),
  };
}
const chosen = (options: Option[], context: Partial<ChooseContext> & Pick<ChooseContext, 'expander'>): string | undefined =>
  choose(options, { random: seededRandom(3), clusterNodes: 3, ...context })?.pool.instanceType.name;

const small = option('g6-standard-2', 1, 3);
const large = option('g6-standard-6', 1, 3);
/** The same node at one and a half times the price. */
const dear = option('g6-dedicated-2', 1, 3);

test('nothing is chosen of nothing', () => assert.equal(chosen([], { expander: 'random' }), undefined));
test('least-waste takes the node that is filled best', () => assert.equal(chosen([large, small], { expander: 'least-waste' }), 'g6-standard-2'));
test('most-pods takes what helps most pods', () => assert.equal(chosen([small, option('g6-standard-6', 1, 4)], { expander: 'most-pods' }), 'g6-standard-6'));
test('least-nodes takes what needs fewest nodes', () =>
  assert.equal(chosen([option('g6-standard-2', 4, 12), option('g6-standard-6', 1, 12)], { expander: 'least-nodes' }), 'g6-standard-6'));
test('price takes the cheaper of two like nodes', () => assert.equal(chosen([dear, small], { expander: 'price' }), 'g6-standard-2'));
test('price likes larger nodes in a larger cluster', () => {
  const options = [option('g6-standard-2', 2, 6), option('g6-standard-4', 1, 6)];
  assert.equal(chosen(options, { expander: 'price', clusterNodes: 5 }), 'g6-standard-2');
  assert.equal(chosen(options, { expander: 'price', clusterNodes: 50 }), 'g6-standard-4');
});
test('priority takes the pool of the highest group, and any pool while there are none', () => {
  const priorities = [
    { priority: 10, patterns: [/.*/] },
    { priority: 50, patterns: [/^g6-dedicated/] },
  ];
  assert.equal(chosen([small, dear], { expander: 'priority', priorities }), 'g6-dedicated-2');
  assert.ok(chosen([small, dear], { expander: 'priority' }));
});
