/** Where things are in objects, as JSON pointers. */
import type { Unstructured } from '../../kube/types.ts';

const POD_SPECS: Readonly<Record<string, string>> = {
  Pod: '/spec',
  Deployment: '/spec/template/spec',
  ReplicaSet: '/spec/template/spec',
  ReplicationController: '/spec/template/spec',
  StatefulSet: '/spec/template/spec',
  DaemonSet: '/spec/template/spec',
  Job: '/spec/template/spec',
  CronJob: '/spec/jobTemplate/spec/template/spec',
};

/** The spec of the object's pods; Knative's services have theirs where Deployments have. */
export function podSpecPath({ apiVersion, kind }: Unstructured): string | undefined {
  if (kind === 'Service') return apiVersion.startsWith('serving.knative.dev/') ? '/spec/template/spec' : undefined;
  return POD_SPECS[kind];
}

/** What the pointer points to; undefined when nothing is there. */
export function pointTo(object: unknown, pointer: string): unknown {
  let found = object;
  for (const part of pointer.split('/').slice(1)) {
    if (typeof found !== 'object' || found === null) return undefined;
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    found = Array.isArray(found) ? found[Number(key)] : (found as Record<string, unknown>)[key];
  }
  return found;
}
