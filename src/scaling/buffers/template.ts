/** The PodTemplate that shows what a buffer's chunks are. Pure. */
import { ownerReference } from '../../kube/owners.ts';
import type { Container, Pod, PodSpec, PodTemplate, PodTemplateSpec } from '../../kube/types.ts';
import type { CapacityBuffer } from './types.ts';

const PREFIX = 'capacitybuffer-';
const SUFFIX = '-pod-template';
const NAME_MAX = 253;
/** Admission gives it to every pod under another name. */
const TOKEN_VOLUME = /^kube-api-access-/;

export function templateName({ metadata }: CapacityBuffer): string {
  return `${PREFIX}${(metadata.name ?? '').slice(0, NAME_MAX - PREFIX.length - SUFFIX.length)}${SUFFIX}`;
}

export function managedTemplate(buffer: CapacityBuffer, template: PodTemplateSpec): PodTemplate {
  return {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: {
      name: templateName(buffer),
      namespace: buffer.metadata.namespace ?? '',
      ownerReferences: [ownerReference(buffer, { controller: true })],
    },
    template,
  };
}

/** What another pod like this one would be, without what is of this one alone. */
export function templateOf({ metadata: { labels, annotations }, spec = { containers: [] } }: Pod): PodTemplateSpec {
  const { nodeName: _place, ephemeralContainers: _debugging, volumes, ...rest } = spec;
  const own: PodSpec = { ...rest, containers: spec.containers.map(withoutToken) };
  if (spec.initContainers) own.initContainers = spec.initContainers.map(withoutToken);
  const shared = volumes?.filter(({ name }) => !TOKEN_VOLUME.test(name)) ?? [];
  if (shared.length > 0) own.volumes = shared;
  return { metadata: { ...(labels && { labels }), ...(annotations && { annotations }) }, spec: own };
}

function withoutToken({ volumeMounts, ...container }: Container): Container {
  const mounts = volumeMounts?.filter(({ name }) => !TOKEN_VOLUME.test(name)) ?? [];
  return mounts.length > 0 ? { ...container, volumeMounts: mounts } : container;
}

/** A pod of the template, not yet of any name. */
export function podOf(namespace: string, { metadata, spec }: PodTemplateSpec): Pod {
  const { labels, annotations } = metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, ...(labels && { labels }), ...(annotations && { annotations }) },
    spec: spec ?? { containers: [] },
  };
}
