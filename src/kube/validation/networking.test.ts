import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDefaults } from '../defaults/index.ts';
import type { KubeObject } from '../types.ts';
import { validateObject } from './index.ts';

function texts(object: object): string[] {
  const copy = structuredClone(object) as KubeObject;
  applyDefaults(copy);
  return validateObject(copy, undefined).map(({ field, message }) => `${field}: ${message}`);
}

const policy = (spec: object): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'p', namespace: 'default' },
  spec: { podSelector: {}, ...spec },
});
const peer = (from: object): object => policy({ ingress: [{ from: [from] }] });
const port = (one: object): object => policy({ ingress: [{ ports: [one] }] });
const ingress = (spec: object): object => ({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'i', namespace: 'default' }, spec });
const service = { service: { name: 'web', port: { number: 80 } } };
const path = (one: object): object => ingress({ rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend: service, ...one }] } }] });
const node = (spec: object): object => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec });
const CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

// Upstream's answers.
const table: [string, object, string[]][] = [
  ['a policy that selects all', policy({}), []],
  ['a peer that is nobody', peer({}), ['spec.ingress[0].from[0]: Required value: must specify a peer']],
  [
    'a peer that is a range and a selector',
    peer({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }),
    ['spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer'],
  ],
  ['a range that is none', peer({ ipBlock: { cidr: 'x' } }), [`spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "x": ${CIDR}`]],
  ['an exception within', peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }), []],
  [
    'an exception outside, one that is all, one of another family',
    peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16', '10.0.0.0/8', 'fd00::/64'] } }),
    ['11.0.0.0/16', '10.0.0.0/8', 'fd00::/64'].map(
      (text, i) => `spec.ingress[0].from[0].ipBlock.except[${i}]: Invalid value: "${text}": must be a strict subset of \`cidr\``,
    ),
  ],
  [
    'ports that end before they begin',
    port({ port: 90, endPort: 80 }),
    ['spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`'],
  ],
  [
    'an end of a named port',
    port({ port: 'http', endPort: 80 }),
    ['spec.ingress[0].ports[0].endPort: Invalid value: 80: may not be specified when `port` is non-numeric'],
  ],
  ['an ingress to a service', ingress({ defaultBackend: service }), []],
  ['an ingress to nowhere', ingress({}), ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified']],
  ['a path that is relative', path({ path: 'a' }), ['spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path']],
  ['a path that goes up', path({ path: '/a/..' }), ['spec.rules[0].http.paths[0].path: Invalid value: "/a/..": cannot end with \'/..\'']],
  ['a relative path of the implementation', path({ path: '', pathType: 'ImplementationSpecific' }), []],
  [
    'a backend without a port',
    path({ backend: { service: { name: 'web' } } }),
    ['spec.rules[0].http.paths[0].backend: Required value: port name or number is required'],
  ],
  ['a node with a taint', node({ taints: [{ key: 'a', effect: 'NoSchedule' }] }), []],
  ['a taint without an effect', node({ taints: [{ key: 'a' }] }), ['metadata.taints[0].effect: Required value']],
  [
    'a taint twice',
    node({
      taints: [
        { key: 'a', value: 'x', effect: 'NoSchedule' },
        { key: 'a', value: 'y', effect: 'NoSchedule' },
      ],
    }),
    ['metadata.taints[1]: Duplicate value: {"key":"a","value":"y","effect":"NoSchedule"}: taints must be unique by key and effect pair'],
  ],
  ['a range of pods that is none', node({ podCIDR: 'x' }), [`spec.podCIDRs[0]: Invalid value: "x": ${CIDR}`]],
];

for (const [name, object, expected] of table) test(`Of ${name} is said what upstream says`, () => assert.deepEqual(texts(object), expected));

test("A node's first range stands in both fields, and what it has not told is there", () => {
  const made = node({ podCIDR: '10.1.0.0/24' }) as { spec: { podCIDRs: string[] }; status?: { nodeInfo: object } };
  applyDefaults(made as unknown as KubeObject);
  assert.deepEqual(made.spec.podCIDRs, ['10.1.0.0/24']);
  assert.equal(Object.keys(made.status?.nodeInfo ?? {}).length, 10);
});
