import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EndpointSlice, Service } from '../kube/types.ts';
import { emptyRuleset, mergeRulesets, transaction } from './ruleset.ts';
import { endpointsOf, serviceRules } from './services.ts';

function service(spec: Partial<NonNullable<Service['spec']>> = {}, more: Partial<Service> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.201.0.7', clusterIPs: ['10.201.0.7'], ports: [{ port: 80 }], ...spec },
    ...more,
  };
}

type Conditions = { ready?: boolean; serving?: boolean; terminating?: boolean };
function slice(endpoints: Record<string, Conditions>, ports = [{ name: '', port: 8080 }]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'default' },
    addressType: 'IPv4',
    ports,
    endpoints: Object.entries(endpoints).map(([address, conditions]) => ({ addresses: [address], conditions })),
  };
}

describe('service rules', () => {
  test('a cluster address leads to a random ready endpoint', () => {
    const rules = serviceRules(service(), [slice({ '10.101.0.11': {}, '10.101.0.10': { ready: true }, '10.101.0.12': { ready: false } })]);
    assert.deepEqual([...rules.services], [['10.201.0.7 . tcp . 80', 'goto svc/default/web/tcp/80']]);
    assert.deepEqual(rules.chains.get('svc/default/web/tcp/80'), [
      'meta l4proto tcp dnat to numgen random mod 2 map { 0 : 10.101.0.10 . 8080, 1 : 10.101.0.11 . 8080 }',
    ]);
    assert.deepEqual([...rules.endpoints], ['10.101.0.10', '10.101.0.11']);
  });

  test('without ready endpoints those that terminate but serve are used', () => {
    const slices = [slice({ a: { ready: false, serving: true, terminating: true }, b: { ready: false, serving: false } })];
    assert.deepEqual(endpointsOf({}, slices), [{ address: 'a', port: 8080 }]);
  });

  test('a service without endpoints, a headless one and an external name have no rules', () => {
    for (const [object, slices] of [
      [service(), []],
      [service({ clusterIP: 'None', clusterIPs: ['None'] }), []],
      [service({ type: 'ExternalName', externalName: 'example.org' }), [slice({ '10.101.0.10': {} })]],
    ] as [Service, EndpointSlice[]][]) {
      assert.equal(transaction(emptyRuleset(), serviceRules(object, slices)), '');
    }
  });

  test('node ports, load-balancer and external addresses lead to the same chain', () => {
    const rules = serviceRules(
      service(
        { type: 'LoadBalancer', externalIPs: ['192.0.2.9'], ports: [{ port: 80, nodePort: 30080 }], loadBalancerSourceRanges: ['192.0.2.0/24'] },
        { status: { loadBalancer: { ingress: [{ ip: '172.31.1.1' }] } } },
      ),
      [slice({ '10.101.0.10': {} })],
    );
    assert.deepEqual(Object.fromEntries(rules.services), {
      '10.201.0.7 . tcp . 80': 'goto svc/default/web/tcp/80',
      '192.0.2.9 . tcp . 80': 'goto svc/default/web/tcp/80',
      '172.31.1.1 . tcp . 80': 'goto lb/default/web/tcp/80',
    });
    assert.deepEqual(rules.chains.get('lb/default/web/tcp/80'), ['ip saddr != { 192.0.2.0/24 } drop', 'goto svc/default/web/tcp/80']);
    assert.deepEqual([...rules.nodePorts], [['tcp . 30080', 'goto svc/default/web/tcp/80']]);
  });

  test('ports are matched by name', () => {
    const rules = serviceRules(
      service({
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP' },
          { name: 'web', port: 80 },
        ],
      }),
      [
        slice({ '10.101.0.10': {} }, [
          { name: 'web', port: 8080 },
          { name: 'dns', port: 5353 },
        ]),
      ],
    );
    assert.deepEqual(rules.chains.get('svc/default/web/udp/53'), ['meta l4proto udp dnat to numgen random mod 1 map { 0 : 10.101.0.10 . 5353 }']);
  });

  test('session affinity sends a client back to its endpoint', () => {
    const rules = serviceRules(service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }), [
      slice({ '10.101.0.10': {} }),
    ]);
    assert.deepEqual(rules.chains.get('svc/default/web/tcp/80'), [
      'ip saddr @aff60/default/web/tcp/80/10.101.0.10/8080 goto ep60/default/web/tcp/80/10.101.0.10/8080',
      'numgen random mod 1 vmap { 0 : goto ep60/default/web/tcp/80/10.101.0.10/8080 }',
    ]);
  });
});

describe('transactions', () => {
  const one = serviceRules(service(), [slice({ '10.101.0.10': {} })]);
  const two = serviceRules(service(), [slice({ '10.101.0.10': {}, '10.101.0.11': {} })]);

  test('equal states need no commands', () => {
    assert.equal(transaction(one, serviceRules(service(), [slice({ '10.101.0.10': {} })])), '');
  });

  test('a new endpoint changes one chain and touches nothing else', () => {
    assert.equal(
      transaction(one, two),
      `flush chain ip argosy svc/default/web/tcp/80
add rule ip argosy svc/default/web/tcp/80 meta l4proto tcp dnat to numgen random mod 2 map { 0 : 10.101.0.10 . 8080, 1 : 10.101.0.11 . 8080 }
add element ip argosy hairpin { 10.101.0.11 . 10.101.0.11 }
`,
    );
  });

  test('a service that goes takes its elements first, its chain last', () => {
    assert.equal(
      transaction(one, emptyRuleset()),
      `delete element ip argosy services { 10.201.0.7 . tcp . 80 }
delete element ip argosy hairpin { 10.101.0.10 . 10.101.0.10 }
flush chain ip argosy svc/default/web/tcp/80
delete chain ip argosy svc/default/web/tcp/80
`,
    );
  });

  test('of two services with one external address the first has it', () => {
    const other = { ...service({ clusterIP: '10.201.0.8', clusterIPs: ['10.201.0.7'] }), metadata: { name: 'z', namespace: 'default' } };
    const merged = mergeRulesets([one, serviceRules(other, [slice({ '10.101.0.12': {} })])]);
    assert.equal(merged.services.get('10.201.0.7 . tcp . 80'), 'goto svc/default/web/tcp/80');
  });
});
