/** When what last changed a service's endpoints happened, for who measures how long a change takes to be known (upstream's TriggerTimeTracker). */
import { getCondition } from '../../kube/conditions.ts';
import type { KubeObject, ObjectKey, Pod, Service } from '../../kube/types.ts';

export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

interface Known {
  service: string;
  /** By pod. */
  pods: ReadonlyMap<string, string>;
}

export class TriggerTimes {
  private readonly known = new Map<string, Known>();

  /** The earliest of the changes since it was asked before; undefined when there is none that has a time. */
  next(service: Service, pods: readonly Pod[]): string | undefined {
    const before = this.known.get(textOf(service.metadata));
    const now: Known = { service: service.metadata.creationTimestamp ?? '', pods: new Map(pods.map((pod) => [pod.metadata.name ?? '', readySince(pod)])) };
    this.known.set(textOf(service.metadata), now);
    if (before === undefined) return now.service || undefined;
    // Texts of one form: they sort as the times do, and '' is before all.
    const changed = [...now.pods].filter(([name, time]) => time > (before.pods.get(name) ?? '')).map(([, time]) => time);
    if (now.service > before.service) changed.push(now.service);
    return changed.toSorted()[0];
  }

  forget(key: ObjectKey): void {
    this.known.delete(textOf(key));
  }
}

/** The annotations of `object` with that time, or without any. */
export function triggeredAt({ metadata }: Pick<KubeObject, 'metadata'>, time: string | undefined): { annotations?: Record<string, string> } {
  const { [TRIGGER_TIME]: _before, ...others } = metadata.annotations ?? {};
  return { annotations: { ...others, ...(time === undefined ? {} : { [TRIGGER_TIME]: time }) } };
}

function textOf({ namespace = '', name = '' }: { namespace?: string; name?: string }): string {
  return `${namespace}/${name}`;
}

function readySince(pod: Pod): string {
  return getCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime ?? '';
}
