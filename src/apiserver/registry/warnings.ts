/** What may surprise about an object that is valid: told in headers, which kubectl prints. */
import { isDns1123Label } from '../../kube/names.ts';
import { compareQuantities } from '../../kube/quantity.ts';
import type { KubeObject, PersistentVolumeClaim, PodTemplateSpec, ResourceQuota, Unstructured } from '../../kube/types.ts';
import { fractional, warningsOfPod } from '../../kube/validation/pod-warnings.ts';
import type { ResourceDefinition } from '../engine.ts';
import { collectionName } from './world.ts';

/** Kinds whose names end up in host names of pods. */
const NAMES_IN_HOSTNAMES = new Set(['/pods', '/replicationcontrollers', 'apps/deployments', 'apps/replicasets', 'batch/jobs', 'batch/cronjobs']);

function warnAboutName({ metadata }: KubeObject, warnings: string[]): void {
  const wrong = metadata.name ? isDns1123Label(metadata.name) : [];
  if (wrong.length === 0) return;
  warnings.push(
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${wrong.join(' ')}]`,
  );
}

/** Where kinds keep the template of their pods. */
const TEMPLATES: Record<string, readonly string[]> = {
  '/podtemplates': ['template'],
  '/replicationcontrollers': ['spec', 'template'],
  'apps/deployments': ['spec', 'template'],
  'apps/replicasets': ['spec', 'template'],
  'apps/daemonsets': ['spec', 'template'],
  'apps/statefulsets': ['spec', 'template'],
  'batch/jobs': ['spec', 'template'],
  'batch/cronjobs': ['spec', 'jobTemplate', 'spec', 'template'],
};

export function warnAboutNew({ storage }: ResourceDefinition, object: KubeObject, warnings: string[]): void {
  const collection = collectionName(storage);
  if (NAMES_IN_HOSTNAMES.has(collection)) warnAboutName(object, warnings);
  if (collection === '/resourcequotas') warnAboutQuota(object as ResourceQuota, warnings);
  if (collection === '/pods') warnings.push(...warningsOfPod('', object));
  if (collection === 'networking.k8s.io/ingresses') warnAboutIngress(object as Unstructured, warnings);
  warnAboutParts(collection, object, warnings);
}

/** Of an update: what is not new has been warned of. */
export function warnAboutChanged({ storage }: ResourceDefinition, object: KubeObject, old: KubeObject, warnings: string[]): void {
  if (object.metadata.generation !== old.metadata.generation) warnAboutParts(collectionName(storage), object, warnings);
}

function warnAboutParts(collection: string, object: KubeObject, warnings: string[]): void {
  const path = TEMPLATES[collection];
  const template = path?.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], object);
  if (path !== undefined && template !== undefined) warnings.push(...warningsOfPod(path.join('.'), template as PodTemplateSpec));
  if (collection === '/persistentvolumeclaims') warnings.push(...warningsOfClaim('spec', (object as PersistentVolumeClaim).spec));
  if (collection !== 'apps/statefulsets') return;
  const { volumeClaimTemplates = [] } = ((object as Unstructured)['spec'] ?? {}) as { volumeClaimTemplates?: PersistentVolumeClaim[] };
  // Upstream's path, without the spec.
  for (const [i, claim] of volumeClaimTemplates.entries()) warnings.push(...warningsOfClaim(`spec.volumeClaimTemplates[${i}]`, claim.spec));
}

function warningsOfClaim(path: string, spec: PersistentVolumeClaim['spec']): string[] {
  const { requests, limits } = spec?.resources ?? {};
  return [...fractional(`${path}.resources.requests`, requests, ['storage']), ...fractional(`${path}.resources.limits`, limits, ['storage'])];
}

const INGRESS_CLASS = 'kubernetes.io/ingress.class';

function warnAboutIngress(ingress: Unstructured, warnings: string[]): void {
  const { ingressClassName } = (ingress['spec'] ?? {}) as { ingressClassName?: string };
  if (ingress.metadata.annotations?.[INGRESS_CLASS] === undefined || ingressClassName !== undefined) return;
  warnings.push(`annotation "${INGRESS_CLASS}" is deprecated, please use 'spec.ingressClassName' instead`);
}

/** A limit below what it is a limit of leaves room that nothing can use. */
function warnAboutQuota({ spec }: ResourceQuota, warnings: string[]): void {
  const { hard = {} } = spec ?? {};
  for (const name of ['cpu', 'memory', 'storage', 'ephemeral-storage']) {
    const bare = name === 'cpu' || name === 'memory' ? [name] : [];
    const requested = [`requests.${name}`, ...bare].find((candidate) => hard[candidate] !== undefined);
    const limit = hard[`limits.${name}`];
    if (requested === undefined || limit === undefined || compareQuantities(hard[requested] ?? '0', limit) <= 0) continue;
    warnings.push(`ResourceQuota ${requested} (${hard[requested]}) should be less than limits.${name} (${limit})`);
  }
}
