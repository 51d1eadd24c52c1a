/** Clusters with policies, at random. */
import fc from 'fast-check';
import type { LabelSelector, Pod } from '../../../kube/types.ts';
import type { ClusterAddresses } from '../../addresses.ts';
import { compilePolicies } from '../compile.ts';
import { placePod, policyTable } from '../place.ts';
import { dnsPod, policyPod } from '../pod.ts';
import type { PolicyTable } from '../table.ts';
import type { PolicyWorld } from './may-pass.ts';

export const PORTS = [80, 81, 443];
export const OUTSIDE = '192.0.2.7';
const NAMESPACES = ['a', 'b'];
/** Of the name server, as a pod that a policy could mean. */
const DNS: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'kube-system', name: 'dns', labels: { 'k8s-app': 'kube-dns' } },
  spec: {
    containers: [
      {
        name: 'dns',
        ports: [
          { name: 'dns', containerPort: 53, protocol: 'UDP' },
          { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
        ],
      },
    ],
  },
};

const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
/** A field that may be missing. */
const maybe = <T>(field: string, value: fc.Arbitrary<T>): fc.Arbitrary<object> =>
  fc.option(value, { nil: undefined }).map((v) => (v === undefined ? {} : { [field]: v }));
const both = (...parts: fc.Arbitrary<object>[]): fc.Arbitrary<object> => fc.tuple(...parts).map((list) => Object.assign({}, ...list) as object);

function selector(key: string, values: string[]): fc.Arbitrary<LabelSelector> {
  return fc.oneof(
    fc.constant({}),
    pick(...values).map((value) => ({ matchLabels: { [key]: value } })),
    fc.record({ key: fc.constant(key), operator: pick('In', 'NotIn'), values: fc.subarray(values, { minLength: 1 }) }).map((e) => ({ matchExpressions: [e] })),
    pick('Exists', 'DoesNotExist').map((operator) => ({ matchExpressions: [{ key, operator }] })),
  );
}

const podSelector = selector('app', ['web', 'db']);
const namespaceSelector = fc.oneof(selector('team', ['x', 'y']), fc.constant({ matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }));
const block = (podCidr: string) => {
  const near = podCidr.replace(/0\.0\/16$/, '');
  return pick<object>(
    { cidr: podCidr },
    { cidr: podCidr, except: [`${near}0.10/32`, `${near}0.12/31`, `${near}0.8/30`] },
    { cidr: `${near}0.8/30` },
    { cidr: '0.0.0.0/0' },
    { cidr: '0.0.0.0/0', except: [podCidr, '192.0.2.0/25'] },
    { cidr: '192.0.2.0/24' },
    { cidr: '2001:db8::/32' },
  );
};
const peer = (podCidr: string): fc.Arbitrary<object> =>
  fc.oneof(
    podSelector.map((s) => ({ podSelector: s })),
    namespaceSelector.map((s) => ({ namespaceSelector: s })),
    fc.record({ podSelector: fc.oneof(podSelector, fc.constant({ matchLabels: { 'k8s-app': 'kube-dns' } })), namespaceSelector }),
    block(podCidr).map((ipBlock) => ({ ipBlock })),
  );
const policyPort = both(
  maybe('protocol', pick('TCP', 'UDP')),
  fc.oneof(
    pick<string | number>(...PORTS, 53, 'http', 'dns').map((port) => ({ port })),
    pick({ port: 80, endPort: 81 }, { port: 81, endPort: 443 }, {}),
  ),
);
const rules = (side: 'from' | 'to', podCidr: string): fc.Arbitrary<object[]> =>
  fc.array(both(maybe(side, fc.array(peer(podCidr), { maxLength: 3 })), maybe('ports', fc.array(policyPort, { maxLength: 3 }))), { maxLength: 2 });

/** `pods` are addresses: one pod each. */
export function policyWorlds(pods: readonly string[], { podCidr, dnsService }: ClusterAddresses, node: string): fc.Arbitrary<PolicyWorld> {
  const pod = (address: string, i: number): fc.Arbitrary<Pod> =>
    fc
      .record({
        namespace: pick(...NAMESPACES),
        labels: maybe('app', pick('web', 'db')),
        state: fc.oneof(
          { weight: 8, arbitrary: fc.constant<{ hostNetwork?: true; phase?: 'Succeeded' }>({}) },
          { weight: 1, arbitrary: pick({ hostNetwork: true }, { phase: 'Succeeded' as const }) },
        ),
        port: pick(...PORTS),
        protocol: pick('TCP' as const, 'UDP' as const),
      })
      .map(({ namespace, labels, state, port, protocol }) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `pod-${i}`, namespace, labels: labels as Record<string, string> },
        spec: { ...(state.hostNetwork ? { hostNetwork: true } : {}), containers: [{ name: 'main', ports: [{ name: 'http', containerPort: port, protocol }] }] },
        status: { podIP: address, hostIP: node, ...(state.phase ? { phase: state.phase } : {}) },
      }));
  const policy = both(
    maybe('policyTypes', pick(['Ingress'], ['Egress'], ['Ingress', 'Egress'])),
    maybe('ingress', rules('from', podCidr)),
    maybe('egress', rules('to', podCidr)),
  );
  const named = fc.record({ namespace: pick(...NAMESPACES), spec: fc.tuple(podSelector, policy).map(([s, more]) => ({ podSelector: s, ...more })) });
  return fc
    .record({
      policies: fc.array(named, { maxLength: 4 }),
      pods: fc.tuple(...pods.map(pod)),
      teams: fc.tuple(...NAMESPACES.map(() => maybe('team', pick('x', 'y')))),
    })
    .map(({ policies, pods: made, teams }) => ({
      policies: policies.map(({ namespace, spec }, i) => ({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { namespace, name: `policy-${i}` },
        spec,
      })),
      pods: [...made, { ...DNS, status: { podIP: dnsService } }],
      namespaces: [...NAMESPACES, 'kube-system'].map((name, i) => ({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, labels: { ...(teams[i] as Record<string, string> | undefined), 'kubernetes.io/metadata.name': name } },
      })),
    }));
}

/** What the product makes of such a world; it knows of the name server by itself. */
export function tableOf({ policies, pods, namespaces }: PolicyWorld, dnsAddress: string): PolicyTable {
  const compiled = compilePolicies(policies);
  const known = pods.filter(({ metadata }) => metadata.namespace !== 'kube-system').flatMap((pod) => policyPod(pod) ?? []);
  const labelsOf = (name: string): Record<string, string> => namespaces.find(({ metadata }) => metadata.name === name)?.metadata.labels ?? {};
  return policyTable(
    compiled,
    [...known, dnsPod(dnsAddress)].map((pod) => placePod(compiled, pod, labelsOf(pod.namespace))),
  );
}
