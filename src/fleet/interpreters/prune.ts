/** What of a template goes to members: not what the hub's server and controllers wrote into it. */
import type { Unstructured } from '../../kube/types.ts';
import { CLAIM_MARKS } from '../kinds/marks.ts';
import { fields, specOf, withSpec } from './fields.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const REVISION = 'deployment.kubernetes.io/revision';

const GENERATED_LABELS = ['controller-uid', 'job-name', 'batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name'];

export function forMember(template: Unstructured): Unstructured {
  const { name = '', namespace, labels, annotations } = template.metadata;
  const { status: _, ...rest } = template;
  const kept = without(annotations, [LAST_APPLIED, REVISION, ...CLAIM_MARKS.annotations]);
  const keptLabels = without(labels, CLAIM_MARKS.labels);
  const bare: Unstructured = {
    ...rest,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(Object.keys(keptLabels).length === 0 ? {} : { labels: keptLabels }),
      ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }),
    },
  };
  return BY_KIND[template.kind]?.(bare) ?? bare;
}

const BY_KIND: Readonly<Record<string, (object: Unstructured) => Unstructured>> = {
  /** Every cluster has addresses of its own; headless ones have none anywhere. */
  Service(object) {
    const { clusterIP, clusterIPs, healthCheckNodePort: _, ...spec } = specOf(object);
    return { ...object, spec: clusterIP === 'None' ? { ...spec, clusterIP, ...(clusterIPs === undefined ? {} : { clusterIPs }) } : spec };
  },
  Job(object) {
    const { selector: _, manualSelector, template, ...spec } = specOf(object);
    if (manualSelector === true) return object;
    const own = fields(template);
    const metadata = fields(own.metadata);
    const labels = without(metadata.labels as Record<string, string> | undefined, GENERATED_LABELS);
    const { labels: __, creationTimestamp: ___, ...others } = metadata;
    return { ...object, spec: { ...spec, template: { ...own, metadata: { ...others, ...(Object.keys(labels).length === 0 ? {} : { labels }) } } } };
  },
  PersistentVolumeClaim(object) {
    const { volumeName: _, ...spec } = specOf(object);
    return { ...object, spec };
  },
  ServiceAccount(object) {
    const { secrets: _, ...rest } = object;
    return rest as Unstructured;
  },
  Pod: (object) => withSpec(object, { nodeName: undefined }),
  Namespace(object) {
    const { spec: _, ...rest } = object;
    return rest as Unstructured;
  },
};

function without(map: Record<string, string> | undefined, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => !keys.includes(key)));
}
