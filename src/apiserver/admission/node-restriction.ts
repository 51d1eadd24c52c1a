/** Nodes write only what is theirs: their Node and Lease, the status of their pods, tokens for their pods. Upstream's NodeRestriction. */
import { parseRequest } from '../../kube/certificates/request.ts';
import { KUBELET_CLIENT, KUBELET_SERVING } from '../../kube/certificates/signers.ts';
import { requestPem, type CertificateSigningRequest } from '../../kube/certificates/types.ts';
import { forbidden, notFound } from '../../kube/status.ts';
import type { KubeObject, Node, ObjectKey, Pod } from '../../kube/types.ts';
import { nodeNameOf } from '../authz/node.ts';
import { MIRROR, referencesOf } from '../../kube/pod-references.ts';
import type { RequestContext, ResourceDefinition } from '../engine.ts';
import { equalJson } from '../../kube/json.ts';
import { lookUp, type RegistryWorld } from '../registry/world.ts';
import type { AdmissionPlugin } from './plugin.ts';

const RESTRICTED = 'node-restriction.kubernetes.io';
/** Labels of Kubernetes that a node may give itself. */
const OWN_LABELS = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);
const OWN_LABEL_NAMESPACES = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

export interface NodeWrite {
  operation: 'create' | 'update' | 'delete';
  world: RegistryWorld;
  definition: ResourceDefinition;
  ctx: RequestContext;
  key: ObjectKey;
  subresource?: string;
  object?: KubeObject;
  old?: KubeObject;
}

export const nodeRestriction: AdmissionPlugin = { name: 'NodeRestriction', admit: restrictNode };

/** Throws StatusError 403 for what a node may not do; of others it knows nothing. */
export function restrictNode(write: NodeWrite): void {
  const node = nodeNameOf(write.ctx.user);
  if (node === undefined) return;
  const problem = node === '' ? `could not determine node from user ${JSON.stringify(write.ctx.user.name)}` : problemOf(node, write);
  if (problem === undefined) return;
  const { definition, key } = write;
  throw forbidden({ group: definition.group, plural: definition.plural, name: key.name }, problem);
}

function problemOf(node: string, write: NodeWrite): string | undefined {
  const { group, plural } = write.definition;
  switch (group === '' ? plural : `${plural}.${group}`) {
    case 'pods':
      return ofPod(node, write);
    case 'nodes':
      return ofNode(node, write);
    case 'persistentvolumeclaims':
      return ofClaim(node, write);
    case 'serviceaccounts':
      return write.operation === 'create' && write.subresource === 'token' ? ofToken(node, write) : undefined;
    case 'leases.coordination.k8s.io':
      if (write.key.namespace !== 'kube-node-lease') return 'can only access leases in the "kube-node-lease" system namespace';
      return write.key.name === node ? undefined : 'can only access node lease with the same name as the requesting node';
    case 'csinodes.storage.k8s.io':
      return write.key.name === node ? undefined : 'can only access CSINode with the same name as the requesting node';
    case 'resourceslices.resource.k8s.io':
      return write.operation === 'create' && (write.object as { spec?: { nodeName?: string } }).spec?.nodeName !== node
        ? 'can only create ResourceSlice with the same NodeName as the requesting node'
        : undefined;
    case 'certificatesigningrequests.certificates.k8s.io':
      return write.operation === 'create' ? ofCertificate(node, write.object as CertificateSigningRequest) : undefined;
    default:
      return undefined;
  }
}

function podAt({ world, key }: NodeWrite, name = key.name): Pod {
  const pod = lookUp<Pod>(world, '', 'pods', `${key.namespace ?? ''}/${name}`);
  if (pod === undefined) throw notFound({ group: '', plural: 'pods', name });
  return pod;
}

function ofPod(node: string, write: NodeWrite): string | undefined {
  const { operation, subresource, object, old } = write;
  switch (subresource) {
    case undefined:
      if (operation === 'create') return ofMirrorPod(node, write, object as Pod);
      if (operation === 'delete')
        return podAt(write).spec?.nodeName === node ? undefined : `node "${node}" can only delete pods with spec.nodeName set to itself`;
      return `unexpected operation "UPDATE", node "${node}" can only create and delete mirror pods`;
    case 'status': {
      const [before, after] = [old as Pod, object as Pod];
      if (before.spec?.nodeName !== node) return `node "${node}" can only update pod status for pods with spec.nodeName set to itself`;
      if (!equalJson(before.metadata.labels ?? {}, after.metadata.labels ?? {})) return `node "${node}" cannot update labels through pod status`;
      if (!equalJson(before.status?.resourceClaimStatuses ?? [], after.status?.resourceClaimStatuses ?? []))
        return `node "${node}" cannot update resource claim statues`;
      return undefined;
    }
    case 'eviction':
      return podAt(write).spec?.nodeName === node ? undefined : `node ${node} can only evict pods with spec.nodeName set to itself`;
    default:
      return `unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`;
  }
}

function ofMirrorPod(node: string, { world }: NodeWrite, pod: Pod): string | undefined {
  if (pod.metadata.annotations?.[MIRROR] === undefined) return `pod does not have "${MIRROR}" annotation, node "${node}" can only create mirror pods`;
  if (pod.spec?.nodeName !== node) return `node "${node}" can only create pods with spec.nodeName set to itself`;
  const [owner, ...more] = pod.metadata.ownerReferences ?? [];
  if (more.length > 0) return `node "${node}" can only create pods with a single owner reference set to itself`;
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    return `node "${node}" can only create pods with an owner reference set to itself`;
  if (!owner.controller) return `node "${node}" can only create pods with a controller owner reference set to itself`;
  if (owner.blockOwnerDeletion) return `node "${node}" must not set blockOwnerDeletion on an owner reference`;
  const known = lookUp<Node>(world, '', 'nodes', node);
  if (known === undefined) throw notFound({ group: '', plural: 'nodes', name: node });
  if (owner.uid !== known.metadata.uid) return `node ${node} UID mismatch: expected ${owner.uid} got ${known.metadata.uid}`;
  const { secrets, configMaps, claims, serviceAccount } = referencesOf(pod);
  const references = { serviceaccounts: serviceAccount ? 1 : 0, secrets: secrets.size, configmaps: configMaps.size, persistentvolumeclaims: claims.size };
  const what = Object.entries(references).find(([, count]) => count > 0)?.[0];
  return what === undefined ? undefined : `node "${node}" can not create pods that reference ${what}`;
}

function ofNode(node: string, { operation, key, object, old }: NodeWrite): string | undefined {
  if (key.name !== node) return `node "${node}" is not allowed to modify node "${key.name}"`;
  if (operation === 'delete') return undefined;
  const [before, after] = [old as Node | undefined, object as Node];
  const refused = refusedLabels(before?.metadata.labels ?? {}, after.metadata.labels ?? {});
  if (before === undefined) return refused.length === 0 ? undefined : `node "${node}" is not allowed to set the following labels: ${refused.join(', ')}`;
  if (!equalJson(after.spec?.taints ?? [], before.spec?.taints ?? [])) return `node "${node}" is not allowed to modify taints`;
  if (!equalJson(after.metadata.ownerReferences ?? [], before.metadata.ownerReferences ?? [])) return `node "${node}" is not allowed to modify ownerReferences`;
  return refused.length === 0 ? undefined : `is not allowed to modify labels: ${refused.join(', ')}`;
}

function refusedLabels(before: Record<string, string>, after: Record<string, string>): string[] {
  const changed = new Set([...Object.keys(before), ...Object.keys(after)].filter((label) => before[label] !== after[label]));
  return [...changed].filter(isRefused).toSorted();
}

function isRefused(label: string): boolean {
  const namespace = label.includes('/') ? label.slice(0, label.indexOf('/')) : '';
  if (isWithin(namespace, RESTRICTED)) return true;
  if (!isWithin(namespace, 'kubernetes.io') && !isWithin(namespace, 'k8s.io')) return false;
  return !OWN_LABELS.has(label) && !OWN_LABEL_NAMESPACES.some((own) => isWithin(namespace, own));
}

function isWithin(namespace: string, parent: string): boolean {
  return namespace === parent || namespace.endsWith(`.${parent}`);
}

/** A node may report how a claim grows, and nothing else of it. */
function ofClaim(node: string, { operation, subresource, object, old }: NodeWrite): string | undefined {
  if (subresource !== 'status' || operation !== 'update') return 'may only update PVC status';
  const rest = (claim: KubeObject & { status?: object }): object => ({
    ...claim,
    metadata: { ...claim.metadata, resourceVersion: undefined, managedFields: undefined },
    status: { ...claim.status, capacity: undefined, conditions: undefined, allocatedResources: undefined, allocatedResourceStatuses: undefined },
  });
  return equalJson(rest(object!), rest(old!)) ? undefined : `node "${node}" is not allowed to update fields other than status.quantity and status.conditions`;
}

/** Of the two certificates that a node has, it asks only for its own. */
function ofCertificate(node: string, csr: CertificateSigningRequest): string | undefined {
  const { signerName } = csr.spec;
  if (signerName !== KUBELET_SERVING && signerName !== KUBELET_CLIENT) return undefined;
  try {
    if (parseRequest(requestPem(csr)).commonName === `system:node:${node}`) return undefined;
  } catch (error) {
    return `unable to parse csr: ${(error as Error).message}`;
  }
  return `can only create a node CSR with CN=system:node:${node}`;
}

interface TokenRequest extends KubeObject {
  spec?: { audiences?: string[]; boundObjectRef?: { apiVersion?: string; kind?: string; name?: string; uid?: string } };
}

function ofToken(node: string, write: NodeWrite): string | undefined {
  const { audiences = [], boundObjectRef: bound } = (write.object as TokenRequest).spec ?? {};
  if (bound?.apiVersion !== 'v1' || bound.kind !== 'Pod' || !bound.name) return 'node requested token not bound to a pod';
  if (!bound.uid) return 'node requested token with a pod binding without a uid';
  const pod = podAt(write, bound.name);
  if (bound.uid !== pod.metadata.uid)
    return `the UID in the bound object reference (${bound.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  if (pod.spec?.nodeName !== node) return 'node requested token bound to a pod scheduled on a different node';
  if (audiences.length > 1) return 'node may only request 0 or 1 audiences';
  const audience = audiences[0] ?? '';
  const sources = pod.spec.volumes?.flatMap(({ projected }) => projected?.sources ?? []) ?? [];
  if (sources.some(({ serviceAccountToken }) => serviceAccountToken !== undefined && (serviceAccountToken.audience ?? '') === audience)) return undefined;
  const { world, ctx, key } = write;
  const asked = { verb: 'request-serviceaccounts-token-audience', group: '', plural: audience, namespace: key.namespace, name: key.name };
  return world.authorizer.allows(ctx.user, asked) ? undefined : `${ctx.user.name} is not authorized to request tokens for audience ${JSON.stringify(audience)}`;
}
