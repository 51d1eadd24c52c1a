/** Computes a pod's status from its specification and what the agent knows. Pure. Texts and rules are the kubelet's. */
import { getCondition, setCondition, type Condition } from '../../kube/conditions.ts';
import { isSidecar } from '../../kube/pods.ts';
import type { Container, ContainerStatus, Pod, PodStatus } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import { newContainerRecord, type ContainerRecord, type PodRecord, type Termination } from './record.ts';

export interface StatusInput {
  pod: Pod;
  record: PodRecord;
  hostIp: string | undefined;
  /** The init containers have done their part. */
  initialized: boolean;
  /** Volumes and network are there. */
  sandboxReady: boolean;
  nowMs: number;
}

type ContainerState = NonNullable<ContainerStatus['state']>;
type Phase = NonNullable<PodStatus['phase']>;

/** The whole status, but what others wrote into it (scheduling conditions, readiness gates, QoS class) as it was. */
export function computeStatus(input: StatusInput): PodStatus {
  const { pod, record, hostIp, initialized, nowMs } = input;
  const spec = pod.spec!;
  const initStatuses = (spec.initContainers ?? []).map((container) => containerStatus(container, record, initialized, true));
  const statuses = spec.containers.map((container) => containerStatus(container, record, initialized, false));
  const ephemeral = (spec.ephemeralContainers ?? []).map((container) => ephemeralStatus(container as Container, record, initialized));
  const phase: Phase = record.failure ? 'Failed' : phaseOf(pod, initialized, initStatuses, statuses);
  return {
    ...pod.status,
    phase,
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    ...record.failure,
    ...(hostIp ? { hostIP: hostIp, hostIPs: [{ ip: hostIp }] } : {}),
    ...(record.ip ? { podIP: record.ip, podIPs: [{ ip: record.ip }] } : {}),
    startTime: timestamp(record.startedAtMs),
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
    containerStatuses: statuses,
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
    conditions: conditionsOf(input, phase, initStatuses, statuses, timestamp(nowMs)),
  };
}

function containerStatus(container: Container, pod: PodRecord, initialized: boolean, init: boolean): ContainerStatus {
  const record = pod.containers[container.name] ?? newContainerRecord(container.name);
  const ready = init && !isSidecar(container) ? record.phase === 'exited' && record.termination?.exitCode === 0 : record.ready;
  // While it waits to start again, how it ended is the last state.
  const last = record.waiting === undefined ? record.last : (record.termination ?? record.last);
  return {
    name: container.name,
    state: stateOf(record, initialized || init),
    lastState: last === undefined ? {} : { terminated: terminated(last) },
    ready,
    restartCount: record.restartCount,
    image: container.image ?? '',
    imageID: record.imageId ?? '',
    ...(record.id !== undefined && record.startedAtMs !== undefined ? { containerID: `runc://${record.id}` } : {}),
    started: record.started && record.phase === 'running',
  };
}

/** Nothing probes them: they are never ready, and of having started nothing is said. */
function ephemeralStatus(container: Container, pod: PodRecord, initialized: boolean): ContainerStatus {
  const { started: _started, ...status } = containerStatus(container, pod, initialized, false);
  return { ...status, ready: false };
}

function stateOf(record: ContainerRecord, initialized: boolean): ContainerState {
  if (record.phase === 'running' && record.startedAtMs !== undefined) return { running: { startedAt: timestamp(record.startedAtMs) } };
  if (record.waiting !== undefined) return { waiting: record.waiting };
  if (record.termination) return { terminated: terminated(record.termination) };
  return { waiting: { reason: initialized ? 'ContainerCreating' : 'PodInitializing' } };
}

function terminated(end: Termination): NonNullable<ContainerState['terminated']> {
  return {
    exitCode: end.exitCode,
    reason: end.reason,
    ...(end.message ? { message: end.message } : {}),
    startedAt: timestamp(end.startedAtMs),
    finishedAt: timestamp(end.finishedAtMs),
    ...(end.containerId ? { containerID: `runc://${end.containerId}` } : {}),
  };
}

/** Source: kubelet_pods.go, getPhase. */
function phaseOf(pod: Pod, initialized: boolean, inits: readonly ContainerStatus[], statuses: readonly ContainerStatus[]): Phase {
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return pod.status.phase;
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const initFailed =
    policy === 'Never' && (pod.spec?.initContainers ?? []).some((container, i) => !isSidecar(container) && (inits[i]?.state?.terminated?.exitCode ?? 0) !== 0);
  if (initFailed) return 'Failed';
  let [waiting, running, stopped, succeeded] = [0, 0, 0, 0];
  for (const { state, lastState } of statuses) {
    if (state?.running) running++;
    else if (state?.terminated) {
      stopped++;
      if (state.terminated.exitCode === 0) succeeded++;
    } else if (lastState?.terminated) stopped++;
    else waiting++;
  }
  if (!initialized && stopped === 0 && running === 0) return 'Pending';
  if (waiting > 0) return 'Pending';
  if (running > 0) return 'Running';
  // While the API has not asked for the end, containers of this policy start again.
  if (policy === 'Always' && pod.metadata.deletionTimestamp === undefined) return 'Running';
  if (stopped === succeeded) return 'Succeeded';
  return policy === 'OnFailure' && pod.metadata.deletionTimestamp === undefined ? 'Running' : 'Failed';
}

function conditionsOf(
  { pod, initialized, sandboxReady }: StatusInput,
  phase: Phase,
  inits: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  now: string,
): NonNullable<PodStatus['conditions']> {
  const observed = pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation };
  let conditions = pod.status?.conditions as Condition[] | undefined;
  const set = (type: string, ok: boolean, why: { reason: string; message?: string } | undefined): void => {
    conditions = setCondition(
      conditions,
      { ...observed, type, status: ok ? 'True' : 'False', lastProbeTime: null, ...(ok && why?.reason !== 'PodCompleted' ? {} : why) },
      now,
    );
  };
  const ended = phase === 'Succeeded' ? { reason: 'PodCompleted' } : phase === 'Failed' ? { reason: 'PodFailed' } : undefined;
  set('PodReadyToStartContainers', sandboxReady && ended === undefined, undefined);
  const incomplete = inits.filter((status) => !status.ready && !(status.started ?? false)).map(({ name }) => name);
  const initOk = initialized || phase === 'Succeeded';
  set(
    'Initialized',
    initOk,
    phase === 'Succeeded' ? ended : { reason: 'ContainersNotInitialized', message: `containers with incomplete status: [${incomplete.join(' ')}]` },
  );
  const sidecars = inits.filter((_, i) => isSidecar(pod.spec!.initContainers![i]!));
  const unready = [...sidecars, ...statuses].filter((status) => !status.ready).map(({ name }) => name);
  const unreadyWhy = ended ?? { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const containersReady = unready.length === 0 && ended === undefined;
  const gates = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => gateMessage(pod, conditionType));
  set('Ready', containersReady && gates.length === 0, containersReady ? { reason: 'ReadinessGatesNotReady', message: gates.join(', ') } : unreadyWhy);
  set('ContainersReady', containersReady, unreadyWhy);
  // Of the types this file sets, and of others as the API gave them.
  return (conditions ?? []) as NonNullable<PodStatus['conditions']>;
}

function gateMessage(pod: Pod, type: string): string[] {
  const condition = getCondition(pod.status?.conditions, type);
  if (condition === undefined) return [`corresponding condition of pod readiness gate "${type}" does not exist.`];
  return condition.status === 'True' ? [] : [`the status of pod readiness gate "${type}" is not "True", but ${condition.status}`];
}
