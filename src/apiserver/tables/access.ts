/** Tables of access, certificates, admission and flow control. */
import { humanDuration } from '../../kube/duration.ts';
import { getCondition, type Condition } from '../../kube/conditions.ts';
import { formatLabelSelector } from '../../kube/selectors.ts';
import type { LabelSelector, Unstructured } from '../../kube/types.ts';
import { AGE, ageOf, NAME, NONE, UNSET, type Cell, type ColumnSpec, type Printer } from './columns.ts';
import { at, items, named, simple, text } from './fields.ts';

function subjects(object: Unstructured, kind: string): string {
  return items(object, 'subjects')
    .filter((s) => s['kind'] === kind)
    .map((s) => (kind === 'ServiceAccount' ? `${text(s, 'namespace')}/${text(s, 'name')}` : text(s, 'name')))
    .join(', ');
}

function binding(place: 'roleBinding' | 'clusterRoleBinding', refersTo: string): Printer {
  return simple(
    [
      NAME,
      ['Role', `roleRef can ${refersTo} in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.`],
      AGE,
      ['Users*', `Users in the ${place}`],
      ['Groups*', `Groups in the ${place}`],
      ['ServiceAccounts*', `ServiceAccounts in the ${place}`],
    ],
    (o, now) => [
      named(o),
      `${text(o, 'roleRef', 'kind')}/${text(o, 'roleRef', 'name')}`,
      ageOf(o, now),
      subjects(o, 'User'),
      subjects(o, 'Group'),
      subjects(o, 'ServiceAccount'),
    ],
  );
}

const REQUEST = 'certificates.k8s.io/v1/CertificateSigningRequestSpec';
const POD_REQUEST = 'certificates.k8s.io/v1/PodCertificateRequestSpec';
const LEVEL = 'flowcontrol.apiserver.k8s.io/v1';

const webhooks = simple([NAME, ['Webhooks:integer', 'Webhooks indicates the number of webhooks registered in this configuration'], AGE], (o, now) => [
  named(o),
  items(o, 'webhooks').length,
  ageOf(o, now),
]);

function paramRef(object: Unstructured): string {
  const reference = at(object, 'spec', 'paramRef');
  const name = text(reference, 'name');
  if (name !== '') return `${text(reference, 'namespace') || '*'}/${name}`;
  const selector = at(reference, 'selector') as LabelSelector | undefined;
  return selector === undefined ? UNSET : formatLabelSelector(selector);
}

function policy(rules: string, counted: ColumnSpec): Printer {
  return simple([NAME, counted, ['ParamKind', 'ParamKind specifies the kind of resources used to parameterize this policy'], AGE], (o, now) => {
    const kind = at(o, 'spec', 'paramKind');
    return [named(o), items(o, 'spec', rules).length, kind ? `${text(kind, 'apiVersion')}/${text(kind, 'kind')}` : UNSET, ageOf(o, now)];
  });
}

const policyBinding = simple(
  [
    NAME,
    ['PolicyName', 'PolicyName indicates the policy definition which the policy binding binded to'],
    ['ParamRef', 'ParamRef indicates the param resource which sets the configuration param'],
    AGE,
  ],
  (o, now) => [named(o), text(o, 'spec', 'policyName'), paramRef(o), ageOf(o, now)],
);

export const accessPrinters: Record<string, Printer> = {
  'rbac.authorization.k8s.io/RoleBinding': binding('roleBinding', 'reference a Role in the current namespace or a ClusterRole'),
  'rbac.authorization.k8s.io/ClusterRoleBinding': binding('clusterRoleBinding', 'only reference a ClusterRole'),
  'certificates.k8s.io/CertificateSigningRequest': simple(
    [
      NAME,
      AGE,
      ['SignerName', `${REQUEST}#signerName`],
      ['Requestor', `${REQUEST}#request`],
      ['RequestedDuration', `${REQUEST}#expirationSeconds`],
      ['Condition', 'certificates.k8s.io/v1/CertificateSigningRequestStatus#conditions'],
    ],
    (o, now) => {
      const has = (type: string): boolean => getCondition(items(o, 'status', 'conditions') as unknown as Condition[], type) !== undefined;
      const states = [has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending', ...(has('Failed') ? ['Failed'] : [])];
      if (text(o, 'status', 'certificate') !== '') states.push('Issued');
      const seconds = at(o, 'spec', 'expirationSeconds');
      return [
        named(o),
        ageOf(o, now),
        text(o, 'spec', 'signerName') || NONE,
        text(o, 'spec', 'username'),
        typeof seconds === 'number' ? humanDuration(seconds * 1000) : NONE,
        states.join(','),
      ];
    },
  ),
  'apiregistration.k8s.io/APIService': simple(
    [NAME, ['Service', 'The reference to the service that hosts this API endpoint.'], ['Available', 'Whether this service is available.'], AGE],
    (o, now) => {
      const available = getCondition(items(o, 'status', 'conditions') as unknown as Condition[], 'Available');
      const service = at(o, 'spec', 'service') ? `${text(o, 'spec', 'service', 'namespace')}/${text(o, 'spec', 'service', 'name')}` : 'Local';
      const why = available?.status !== 'True' && available?.reason ? ` (${available.reason})` : '';
      return [named(o), service, available === undefined ? 'Unknown' : `${available.status}${why}`, ageOf(o, now)];
    },
  ),
  'certificates.k8s.io/ClusterTrustBundle': simple([NAME, ['SignerName', 'certificates.k8s.io/v1/ClusterTrustBundleSpec#signerName']], (o) => [
    named(o),
    text(o, 'spec', 'signerName') || NONE,
  ]),
  'certificates.k8s.io/PodCertificateRequest': simple(
    [
      NAME,
      ['PodName', `${POD_REQUEST}#podName`],
      ['ServiceAccountName', `${POD_REQUEST}#serviceAccountName`],
      ['NodeName', `${POD_REQUEST}#nodeName`],
      ['SignerName', `${POD_REQUEST}#signerName`],
      ['State', 'Is the request Pending, Issued, Denied, or Failed?'],
      ['UnverifiedUserAnnotations', `${POD_REQUEST}#unverifiedUserAnnotations`],
    ],
    (o) => [
      named(o),
      ...['podName', 'serviceAccountName', 'nodeName', 'signerName'].map((name) => text(o, 'spec', name)),
      (items(o, 'status', 'conditions').findLast(({ type }) => ['Issued', 'Denied', 'Failed'].includes(String(type)))?.['type'] as string) ?? 'Pending',
      formatLabelSelector({ matchLabels: (at(o, 'spec', 'unverifiedUserAnnotations') ?? {}) as Record<string, string> }),
    ],
  ),
  'flowcontrol.apiserver.k8s.io/FlowSchema': simple(
    [
      NAME,
      ['PriorityLevel', `${LEVEL}/PriorityLevelConfigurationReference#name`],
      ['MatchingPrecedence', `${LEVEL}/FlowSchemaSpec#matchingPrecedence`],
      ['DistinguisherMethod', `${LEVEL}/FlowSchemaSpec#distinguisherMethod`],
      AGE,
      ['MissingPL', 'references a broken or non-existent PriorityLevelConfiguration'],
    ],
    (o, now) => [
      named(o),
      text(o, 'spec', 'priorityLevelConfiguration', 'name'),
      Number(at(o, 'spec', 'matchingPrecedence') ?? 0),
      text(o, 'spec', 'distinguisherMethod', 'type') || NONE,
      ageOf(o, now),
      getCondition(items(o, 'status', 'conditions') as unknown as Condition[], 'Dangling')?.status ?? '?',
    ],
  ),
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': simple(
    [
      NAME,
      ['Type', `${LEVEL}/PriorityLevelConfigurationSpec#type`],
      ['NominalConcurrencyShares', `${LEVEL}/LimitedPriorityLevelConfiguration#nominalConcurrencyShares`],
      ['Queues', `${LEVEL}/QueuingConfiguration#queues`],
      ['HandSize', `${LEVEL}/QueuingConfiguration#handSize`],
      ['QueueLengthLimit', `${LEVEL}/QueuingConfiguration#queueLengthLimit`],
      AGE,
    ],
    (o, now) => {
      const queuing = (name: string): Cell => (at(o, 'spec', 'limited', 'limitResponse', 'queuing', name) as number | undefined) ?? NONE;
      const shares = (at(o, 'spec', 'limited', 'nominalConcurrencyShares') as number | undefined) ?? NONE;
      return [named(o), text(o, 'spec', 'type'), shares, queuing('queues'), queuing('handSize'), queuing('queueLengthLimit'), ageOf(o, now)];
    },
  ),
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': policy('validations', [
    'Validations:integer',
    'Validations indicates the number of validation rules defined in this configuration',
  ]),
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': policyBinding,
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': policy('mutations', [
    'Mutations:integer',
    'Mutation indicates the number of mutations rules defined in this configuration',
  ]),
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': policyBinding,
};
