/** Certificate requests, tokens of service accounts, flow schemas and priority levels: what is refused, and in which words. */
import type { Call } from '../peer.ts';
import { MERGE_PATCH, type Case } from './case.ts';

const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const FLOW = '/apis/flowcontrol.apiserver.k8s.io/v1';
const TOKEN = '/api/v1/namespaces/NAMESPACE/serviceaccounts/default/token';
/** Of CN=ed, with an Ed25519 key. */
export const REQUEST =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlHTU1FQUNBUUF3RFRFTE1Ba0dBMVVFQXd3Q1pXUXdLakFGQmdNclpYQURJUUJkSHo5QTd5TmRIUGs0Sk5UMApSeVdhOEFTL1AzNDBocjlQaExjWTlYL0w4S0FBTUFVR0F5dGxjQU5CQUtlRjVOZC85ZjVPdUZKdk5ITDVXRWVtCmRtanFOUWZPTjkyZllvcC9sVm9PTGNMVHo5NVFvcHRVSk1qWDM2ekw4VWlqL1o0OHdVaExic2JSY3RtVGhBaz0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==';

const post = (path: string, body: unknown): Call => ({ method: 'POST', path, body });
const merge = (path: string, body: unknown, headers: Record<string, string> = {}): Call => ({
  method: 'PATCH',
  path,
  body,
  headers: { ...MERGE_PATCH, ...headers },
});

const SPEC = { request: REQUEST, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] };
const csr = (spec: object, more: object = {}): Call => post(CSRS, { metadata: { name: 'a-NAMESPACE' }, spec: { ...SPEC, ...spec }, ...more });
const at = (subresource: string): string => `${CSRS}/a-NAMESPACE/${subresource}`;
const conditions = (...types: string[]): object => ({ status: { conditions: types.map((type) => ({ type, status: 'True', reason: 'Test' })) } });

const BAD_SPECS: object[] = [
  { request: 'eA==' },
  { request: REQUEST.replace('NRE', 'NRF') },
  { request: null },
  { usages: [] },
  { usages: ['client auth', 'client auth'] },
  { usages: ['fun'] },
  { signerName: '' },
  { signerName: 'a' },
  { signerName: 'a/b' },
  { signerName: 'a.b/c/d' },
  { signerName: 'a_b.c/D' },
  { signerName: 'kubernetes.io/legacy-unknown' },
  { expirationSeconds: 599 },
  { expirationSeconds: 600, username: 'else', groups: ['system:masters'], uid: 'x', extra: { a: ['b'] } },
];

const CHANGES: [what: string, step: Call][] = [
  ['approved', merge(at('approval'), conditions('Approved'))],
  ['denied', merge(at('approval'), conditions('Denied'))],
  ['both', merge(at('approval'), conditions('Approved', 'Denied'))],
  ['twice', merge(at('approval'), conditions('Approved', 'Approved'))],
  ['failed', merge(at('status'), conditions('Failed'))],
  ['approved by its status', merge(at('status'), conditions('Approved'))],
  ['approved without a status', merge(at('approval'), { status: { conditions: [{ type: 'Approved' }] } })],
  ['not approved', merge(at('approval'), { status: { conditions: [{ type: 'Approved', status: 'False' }] } })],
  ['other', merge(at('approval'), { status: { conditions: [{ type: 'Other', status: 'Maybe' }, { status: 'True' }] } })],
  ['with a certificate', merge(at('status'), { status: { certificate: 'eA==' } })],
  ['with a certificate by approval', merge(at('approval'), { status: { certificate: 'eA==' } })],
  ['with another spec', merge(`${CSRS}/a-NAMESPACE`, { spec: { usages: ['any'] } })],
  ['with labels', merge(`${CSRS}/a-NAMESPACE`, { metadata: { labels: { a: 'b' } } })],
];

const TOKEN_SPECS: object[] = [
  {},
  { expirationSeconds: 599 },
  { expirationSeconds: 4294967297 },
  { audiences: ['a', 'b'], expirationSeconds: 600 },
  { boundObjectRef: null },
  { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'gone' } },
  { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'gone' } },
  { boundObjectRef: { kind: 'Node', apiVersion: 'v1', name: 'gone' } },
  { boundObjectRef: { kind: 'Deployment', apiVersion: 'apps/v1', name: 'gone' } },
  { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'leash', uid: 'x' } },
  { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'other' } },
];

const LEVEL = { priorityLevelConfiguration: { name: 'global-default' } };
const subjects = [{ kind: 'User', user: { name: 'jane' } }];
const everywhere = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] };
const rules = (...list: object[]): object => ({ ...LEVEL, rules: list });

const SCHEMAS: object[] = [
  {},
  LEVEL,
  { ...LEVEL, matchingPrecedence: -1 },
  { ...LEVEL, matchingPrecedence: 1 },
  { ...LEVEL, matchingPrecedence: 10001, distinguisherMethod: { type: 'ByFun' } },
  { priorityLevelConfiguration: { name: 'A_b' } },
  rules({}),
  rules({ subjects, resourceRules: [{}], nonResourceRules: [{}] }),
  rules({
    subjects: [{ kind: 'Group' }, { kind: 'Robot' }, { kind: 'ServiceAccount', serviceAccount: { name: 'A', namespace: '' } }],
    resourceRules: [everywhere],
  }),
  rules({ subjects: [{ kind: 'User', user: { name: '' }, group: { name: 'x' } }], resourceRules: [everywhere] }),
  rules({ subjects, resourceRules: [{ verbs: ['*', 'get'], apiGroups: ['*', 'a'], resources: ['*', 'b'], namespaces: ['*', 'c'] }] }),
  rules({ subjects, resourceRules: [{ ...everywhere, verbs: ['fly'], namespaces: ['A_b'] }] }),
  rules({ subjects, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['', 'a', '/a b', '/a//b', '/a*b', '/a/*'] }] }),
];

const queue = (queuing: object): object => ({ type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing } } });
const LEVELS: object[] = [
  {},
  { type: 'Fun' },
  { type: 'Exempt' },
  { type: 'Limited' },
  { type: 'Limited', limited: {} },
  { type: 'Limited', limited: { limitResponse: { type: 'Reject', queuing: { queues: 1 } }, nominalConcurrencyShares: -1 } },
  { type: 'Limited', limited: { limitResponse: { type: 'Queue' }, lendablePercent: 101, borrowingLimitPercent: -1 } },
  queue({}),
  queue({ queues: -1, handSize: -1, queueLengthLimit: -1 }),
  queue({ queues: 4, handSize: 5 }),
  queue({ queues: 1024, handSize: 7 }),
];

export const FRONT_DOOR: readonly Case[] = [
  ...BAD_SPECS.map((spec, i) => ({ name: `front door: certificate request ${i}`, steps: [csr(spec)] })),
  { name: 'front door: certificate request with a status', steps: [csr({}, conditions('Approved'))] },
  ...CHANGES.map(([what, step]) => ({ name: `front door: certificate request ${what}`, steps: [csr({}), step] })),
  ...CHANGES.slice(0, 9).map(([what, step]) => ({
    name: `front door: approved certificate request ${what}`,
    steps: [csr({}), merge(at('approval'), conditions('Approved')), step],
  })),
  ...TOKEN_SPECS.map((spec, i) => ({
    name: `front door: token ${i}`,
    steps: [post('/api/v1/namespaces/NAMESPACE/secrets', { metadata: { name: 'leash' } }), post(TOKEN, { spec })],
  })),
  { name: 'front door: token of another name', steps: [post(TOKEN, { metadata: { name: 'other', namespace: 'NAMESPACE' } })] },
  { name: 'front door: token of another namespace', steps: [post(TOKEN, { metadata: { namespace: 'other' } })] },
  { name: 'front door: token of another uid', steps: [post(TOKEN, { metadata: { uid: 'other' } })] },
  { name: 'front door: token of nobody', steps: [post(TOKEN.replace('default', 'nobody'), {})] },
  {
    name: 'front door: secret for a token of no account',
    steps: [post('/api/v1/namespaces/NAMESPACE/secrets', { metadata: { name: 'a' }, type: 'kubernetes.io/service-account-token' })],
  },
  { name: 'front door: review without a token', steps: [post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: {} })] },
  ...SCHEMAS.map((spec, i) => ({ name: `front door: flow schema ${i}`, steps: [post(`${FLOW}/flowschemas`, { metadata: { name: 'a-NAMESPACE' }, spec })] })),
  ...LEVELS.map((spec, i) => ({
    name: `front door: priority level ${i}`,
    steps: [post(`${FLOW}/prioritylevelconfigurations`, { metadata: { name: 'a-NAMESPACE' }, spec })],
  })),
  ...['flowschemas/catch-all', 'flowschemas/probes', 'prioritylevelconfigurations/exempt', 'prioritylevelconfigurations/workload-low'].map((path) => ({
    name: `front door: ${path}`,
    steps: [{ path: `${FLOW}/${path}` }],
  })),
  { name: 'front door: openid', steps: [{ path: '/openid/v1/jwks' }] },
];
