/** Where a buffer's chunks come from: a template, or what a scalable's pods are. */
import { deployments, jobs, pods, podTemplates, replicaSets, replicationControllers, statefulSets, type Resource } from '../../kube/resources.ts';
import { isPodTerminal } from '../../kube/pods.ts';
import type { Deployment, Job, KubeObject, PodTemplateSpec } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { findTarget, type KindMapper } from '../hpa/targets.ts';
import { podOf, templateOf } from './template.ts';
import type { CapacityBuffer, ScalableRef } from './types.ts';

export interface Chunk {
  template: PodTemplateSpec;
  /** Of the scalable. */
  replicas?: number;
}

/** Kinds whose template says what their pods will be, while there is none to look at. */
export const TEMPLATED: readonly Resource[] = [deployments, replicaSets, statefulSets, replicationControllers, jobs];

interface Sources {
  client: Client;
  kinds: KindMapper;
}

/** Rejects with an Error that says, in upstream's words, what is missing. */
export async function chunkOf(sources: Sources, { metadata: { namespace = '' }, spec }: CapacityBuffer): Promise<Chunk> {
  if (spec.scalableRef) return ofScalable(sources, namespace, spec.scalableRef);
  if (!spec.podTemplateRef) throw new Error('neither podTemplateRef nor scalableRef is defined');
  const { template = {} } = await sources.client.get(podTemplates, { namespace, name: spec.podTemplateRef.name });
  return { template: await admitted(sources.client, namespace, template) };
}

async function ofScalable(sources: Sources, namespace: string, ref: ScalableRef): Promise<Chunk> {
  const live = await ofNewestPod(sources, namespace, ref).catch((error: unknown) => asError(error));
  if (live !== undefined && !(live instanceof Error)) return live;
  try {
    const { template, replicas } = await ofTemplate(sources.client, namespace, ref);
    return { template: await admitted(sources.client, namespace, template), replicas };
  } catch (error) {
    const why = `failed to resolve scalable object: ${asError(error).message}`;
    throw new Error(live === undefined ? why : `failed to resolve live pod: ${live.message}, ${why}`, { cause: error });
  }
}

const groupOf = ({ apiGroup = '' }: ScalableRef): string => (apiGroup === 'core' ? '' : apiGroup);

/** Undefined: the scalable has no pods now. */
async function ofNewestPod({ client, kinds }: Sources, namespace: string, ref: ScalableRef): Promise<Chunk | undefined> {
  const { kind, name } = ref;
  const resources = kinds(groupOf(ref), kind);
  if (resources.length === 0)
    throw new Error(`failed to get scale object: no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(groupOf(ref))}`);
  const { scale } = await findTarget(client, resources, { namespace, name });
  const { items } = await client.list(pods, { namespace, labelSelector: scale.status?.selector ?? '' });
  const alive = items.filter((pod) => !isPodTerminal(pod));
  if (alive.length === 0) return undefined;
  const created = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? '';
  const newest = alive.reduce((a, b) => (created(b) > created(a) ? b : a));
  return { template: templateOf(newest), replicas: scale.status?.replicas ?? 0 };
}

async function ofTemplate(client: Client, namespace: string, ref: ScalableRef): Promise<{ template: PodTemplateSpec; replicas: number }> {
  const resource = TEMPLATED.find(({ group, kind }) => group === groupOf(ref) && kind === ref.kind);
  if (resource === undefined) throw new Error(`kind ${ref.apiGroup ?? ''}/${ref.kind} is not supported to use pod template`);
  // All of them say it in the same place.
  const { spec } = await client.get(resource as Resource<Deployment | Job>, { namespace, name: ref.name });
  const replicas = spec && 'replicas' in spec ? spec.replicas : spec && 'parallelism' in spec ? spec.parallelism : undefined;
  return { template: spec?.template ?? {}, replicas: replicas ?? 1 };
}

/** What the API would make of a pod of the template: defaults, limits of the namespace, webhooks. */
async function admitted(client: Client, namespace: string, template: PodTemplateSpec): Promise<PodTemplateSpec> {
  try {
    const pod = podOf(namespace, template);
    return templateOf(await client.create(pods, { ...pod, metadata: { ...pod.metadata, generateName: 'capacity-buffer-' } }, { dryRun: true }));
  } catch (error) {
    throw new Error(`failed to resolve pod spec: ${asError(error).message}`, { cause: error });
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
