import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterAffinity } from '../kinds/policy.ts';
import { matchesCluster } from './affinity.ts';
import { cluster } from './testing/worlds.ts';

const EU = cluster('eu', { provider: 'hetzner', region: 'eu-central', zones: ['a', 'b'] }, { tier: 'gold' });
const BARE = cluster('bare');
const ZONE = cluster('zone', { zone: 'a', zones: [] });

function field(key: string, operator: string, ...values: string[]): ClusterAffinity {
  return { fieldSelector: { matchExpressions: [{ key, operator, values }] } };
}

const ROWS: [what: string, affinity: ClusterAffinity | undefined, matching: string][] = [
  ['no affinity', undefined, 'eu bare zone'],
  ['an empty affinity', {}, 'eu bare zone'],
  ['an empty list of names', { clusterNames: [] }, 'eu bare zone'],
  ['names', { clusterNames: ['eu', 'gone'] }, 'eu'],
  ['exclude', { exclude: ['eu'] }, 'bare zone'],
  ['names and exclude', { clusterNames: ['eu', 'bare'], exclude: ['eu'] }, 'bare'],
  ['labels', { labelSelector: { matchLabels: { tier: 'gold' } } }, 'eu'],
  ['labels that are not', { labelSelector: { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] } }, 'bare zone'],
  ['an empty label selector', { labelSelector: {} }, 'eu bare zone'],
  ['an unknown operator for labels', { labelSelector: { matchExpressions: [{ key: 'tier', operator: 'Near', values: ['gold'] }] } }, ''],
  ['a field selector of nothing', { fieldSelector: {} }, 'eu bare zone'],
  ['provider In', field('provider', 'In', 'hetzner', 'aws'), 'eu'],
  ['provider NotIn', field('provider', 'NotIn', 'hetzner'), 'bare zone'],
  ['region In', field('region', 'In', 'eu-central'), 'eu'],
  ['region NotIn', field('region', 'NotIn', 'us-west'), 'eu bare zone'],
  ['zone In: one of its zones is enough', field('zone', 'In', 'b', 'c'), 'eu'],
  ['zone In, of one zone in the deprecated form', field('zone', 'In', 'a'), 'eu zone'],
  ['zone NotIn: none of its zones', field('zone', 'NotIn', 'b'), 'bare zone'],
  ['zone Exists', field('zone', 'Exists'), 'eu zone'],
  ['zone DoesNotExist', field('zone', 'DoesNotExist'), 'bare'],
  ['an unknown operator for zones', field('zone', 'Gt', '1'), ''],
  ['an unknown operator for regions', field('region', 'Near', 'eu'), ''],
  ['names, labels and fields together', { clusterNames: ['eu', 'zone'], labelSelector: { matchLabels: { tier: 'gold' } }, ...field('zone', 'In', 'a') }, 'eu'],
  [
    'two fields together',
    {
      fieldSelector: {
        matchExpressions: [
          { key: 'zone', operator: 'In', values: ['a'] },
          { key: 'region', operator: 'NotIn', values: ['eu-central'] },
        ],
      },
    },
    'zone',
  ],
];

test('a cluster is meant when all that the affinity says holds', () => {
  for (const [what, affinity, matching] of ROWS) {
    const found = [EU, BARE, ZONE].filter((member) => matchesCluster(member, affinity)).map(({ metadata }) => metadata.name);
    assert.equal(found.join(' '), matching, what);
  }
});
