import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { NetworkPolicy, Pod } from '../../kube/types.ts';
import { clusterAddresses } from '../addresses.ts';
import { compilePolicies } from './compile.ts';
import { placePod, policyTable } from './place.ts';
import { policyPod } from './pod.ts';
import { merged, without } from './ranges.ts';
import { NO_POLICIES, policyTransaction } from './table.ts';
import { mayPass, type Packet } from './testing/may-pass.ts';
import { MiniNft } from './testing/mini-nft.ts';
import { OUTSIDE, policyWorlds, PORTS, tableOf } from './testing/worlds.ts';

const ADDRESSES = clusterAddresses(9);
const NODE = '172.30.9.2';
const PODS = [10, 11, 12, 13, 14].map((i) => `10.109.0.${i}`);
const PACKETS: Packet[] = [...PODS, ADDRESSES.dnsService, OUTSIDE, ADDRESSES.hostLink].flatMap((from) =>
  [...PODS, ADDRESSES.dnsService, OUTSIDE, ADDRESSES.hostLink, NODE].flatMap((to) =>
    [...PORTS, 53].flatMap((port) =>
      (['TCP', 'UDP'] as const).flatMap((protocol) => [
        { from, to, protocol, port },
        ...(from === ADDRESSES.hostLink ? [{ from, to, protocol, port, external: true }] : []),
      ]),
    ),
  ),
);

function passes(nft: MiniNft, { from, to, protocol, port, external }: Packet): boolean {
  const packet = {
    iifname: PODS.includes(from) ? 'pods' : 'up0',
    'ip saddr': from,
    'ip daddr': to,
    'ct original ip daddr': external ? '172.31.9.5' : to,
    'meta l4proto': protocol.toLowerCase(),
    'th dport': String(port),
  };
  return nft.passes(packet, to === ADDRESSES.dnsService || to === NODE ? 'input' : 'forward');
}

const worlds = policyWorlds(PODS, ADDRESSES, NODE);

describe('rules of network policies', () => {
  test('let pass exactly what the reference of the API says may pass', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const nft = new MiniNft();
        nft.run(policyTransaction(undefined, tableOf(world, ADDRESSES.dnsService), ADDRESSES));
        for (const packet of PACKETS) assert.equal(passes(nft, packet), mayPass(world, packet, ADDRESSES.hostLink), JSON.stringify(packet));
      }),
      { numRuns: 300 },
    );
  });

  test('changed step by step are those that are made at once', () => {
    fc.assert(
      fc.property(fc.array(worlds, { minLength: 2, maxLength: 4 }), (steps) => {
        const nft = new MiniNft();
        const tables = steps.map((world) => (world.policies.length === 0 ? NO_POLICIES : tableOf(world, ADDRESSES.dnsService)));
        for (const [i, table] of tables.entries()) nft.run(policyTransaction(tables[i - 1], table, ADDRESSES));
        const fresh = new MiniNft();
        fresh.run(policyTransaction(undefined, tables.at(-1)!, ADDRESSES));
        assert.deepEqual(sorted(nft.chains), sorted(fresh.chains));
        assert.deepEqual(
          [...nft.sets].map(([name, set]) => [name, sorted(set)]).toSorted(),
          [...fresh.sets].map(([name, set]) => [name, sorted(set)]).toSorted(),
        );
      }),
      { numRuns: 200 },
    );
  });

  const web: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', ports: [{ name: 'http', containerPort: 8080 }] }] },
    status: { podIP: '10.109.0.10', hostIP: NODE },
  };
  const policy = (spec: NonNullable<NetworkPolicy['spec']>, name = 'p'): NetworkPolicy => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'default' },
    spec,
  });
  const table = (policies: NetworkPolicy[], pods: Pod[]) => {
    const compiled = compilePolicies(policies);
    return policyTable(
      compiled,
      pods.map((pod) => placePod(compiled, policyPod(pod)!, {})),
    );
  };

  test('a pod that comes changes elements of sets and no rule', () => {
    const policies = [
      policy({
        podSelector: {},
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 'http' }, { port: 53, protocol: 'UDP' }] }],
      }),
    ];
    const other: Pod = { ...web, metadata: { ...web.metadata, name: 'other' }, status: { podIP: '10.109.0.11' } };
    const before = table(policies, [web]);
    const isolation = [...before.chains.keys()].find((name) => name.startsWith('isolated/'));
    const peers = [...before.sets.keys()].find((name) => name.startsWith('peers/'));
    assert.equal(
      policyTransaction(before, table(policies, [web, other]), ADDRESSES),
      `add element ip argosy-policies ingress { 10.109.0.11 : jump ${isolation} }
add element ip argosy-policies own { 10.109.0.11 . 10.109.0.11 }
add element ip argosy-policies ${peers} { 10.109.0.11 }
add element ip argosy-policies port/tcp/http { 10.109.0.11 . tcp . 8080 }
`,
    );
    assert.deepEqual(before.chains.get('ingress/default/p'), [
      `ip saddr @${peers} ip daddr . meta l4proto . th dport @port/tcp/http accept`,
      `ip saddr @${peers} meta l4proto . th dport { udp . 53 } accept`,
    ]);
  });

  test('policies that select no pod and name no pod leave pods unasked', () => {
    const compiled = compilePolicies([policy({ podSelector: { matchLabels: { app: 'db' } } })]);
    assert.deepEqual(placePod(compiled, policyPod(web)!, {}).elements, []);
  });

  test('pods on the host network, finished ones and those without an address are nobody', () => {
    assert.equal(policyPod({ ...web, spec: { ...web.spec!, hostNetwork: true } }), undefined);
    assert.equal(policyPod({ ...web, status: { ...web.status, phase: 'Failed' } }), undefined);
    assert.equal(policyPod({ ...web, status: {} }), undefined);
    assert.equal(policyPod({ ...web, status: {} }, '10.109.0.12')?.address, '10.109.0.12');
  });

  test('names of policies that are too long for a chain are shortened and stay apart', () => {
    const { chains } = compilePolicies(['a', 'b'].map((end) => policy({ podSelector: {} }, `${'x'.repeat(250)}${end}`)));
    assert.equal(chains.size, 2);
    for (const name of chains.keys()) assert.ok(name.length < 255);
  });

  test('a cluster without policies has no table, and nothing to do', () => {
    assert.equal(policyTransaction(NO_POLICIES, NO_POLICIES, ADDRESSES), '');
    assert.equal(policyTransaction(undefined, NO_POLICIES, ADDRESSES), 'add table ip argosy-policies\ndelete table ip argosy-policies\n');
  });
});

test('ranges are merged and cut', () => {
  const numbers = fc.record({ start: fc.nat(30), length: fc.nat(8) }).map(({ start, length }) => ({ start, end: start + length }));
  const within = (list: { start: number; end: number }[], n: number): boolean => list.some(({ start, end }) => n >= start && n <= end);
  fc.assert(
    fc.property(numbers, fc.array(numbers), (range, list) => {
      const union = merged(list);
      const left = without(range, list);
      for (let n = 0; n < 40; n++) {
        assert.equal(within(union, n), within(list, n));
        assert.equal(within(left, n), within([range], n) && !within(list, n));
      }
      for (const [i, { start }] of union.entries()) if (i > 0) assert.ok(start > union[i - 1]!.end + 1);
    }),
  );
});

function sorted(map: Map<string, unknown>): [string, unknown][] {
  return [...map].toSorted(([a], [b]) => a.localeCompare(b));
}
