/** What to do next for a pod's containers: observed records to wanted actions. Pure. */
import { isSidecar } from '../../kube/pods.ts';
import type { Container, PodSpec } from '../../kube/types.ts';
import { newContainerRecord, type ContainerRecord, type PodRecord } from './record.ts';

export interface PodPlan {
  /** The container to start now: one at a time, in order. */
  start: Container | undefined;
  /** Containers that must wait for their back-off before they start. */
  backingOff: readonly string[];
  /** When to look again (epoch ms), if nothing else happens. */
  wakeAtMs: number | undefined;
  /** All containers have ended for good: sidecars are to be ended too. */
  finished: boolean;
  /** The init containers have done their part. */
  initialized: boolean;
}

export function planPod(spec: PodSpec, records: PodRecord['containers'], nowMs: number): PodPlan {
  const policy = spec.restartPolicy ?? 'Always';
  const plan = {
    start: undefined as Container | undefined,
    backingOff: [] as string[],
    wakeAtMs: undefined as number | undefined,
    finished: false,
    initialized: true,
  };
  const of = (container: Container): ContainerRecord => records[container.name] ?? newContainerRecord(container.name);
  let startable = !Object.values(records).some(({ phase }) => phase === 'starting');

  const tryStart = (container: Container): void => {
    const record = of(container);
    if (record.phase === 'running' || record.phase === 'starting') return;
    const until = record.backOffUntilMs ?? 0;
    // Further away than it ever was: the machine's time was set back meanwhile.
    const leftMs = until - nowMs > (record.backOffMs ?? 0) ? 0 : until - nowMs;
    if (leftMs > 0) {
      plan.backingOff.push(container.name);
      plan.wakeAtMs = Math.min(plan.wakeAtMs ?? until, until);
    } else if (startable) {
      plan.start = container;
      startable = false;
    }
  };

  // They start before all others, and never again; nobody waits for them.
  for (const container of (spec.ephemeralContainers ?? []) as Container[]) if (of(container).phase === 'waiting') tryStart(container);
  const containers = spec.containers;
  const mainStarted = containers.some((container) => records[container.name]?.id !== undefined);
  for (const container of spec.initContainers ?? []) {
    const record = of(container);
    if (isSidecar(container)) {
      tryStart(container);
      if (record.started || mainStarted) continue;
      return { ...plan, initialized: false };
    }
    // Once the containers run, what init containers did is not done again.
    if (mainStarted || (record.phase === 'exited' && record.termination?.exitCode === 0)) continue;
    if (record.phase === 'exited' && policy === 'Never') return { ...plan, start: undefined, initialized: false, finished: true };
    tryStart(container);
    return { ...plan, initialized: false };
  }
  for (const container of containers) if (wantsToRun(of(container), policy)) tryStart(container);
  plan.finished = containers.every((container) => of(container).phase === 'exited' && !wantsToRun(of(container), policy));
  if (plan.finished) return { ...plan, start: undefined, wakeAtMs: undefined };
  return plan;
}

function wantsToRun(record: ContainerRecord, policy: string): boolean {
  if (record.phase !== 'exited') return true;
  if (policy === 'Always') return true;
  return policy === 'OnFailure' && record.termination?.exitCode !== 0;
}
