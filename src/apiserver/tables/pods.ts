/** The table of pods: STATUS says the most telling thing about a pod, as kubectl users read it. */
import { getCondition } from '../../kube/conditions.ts';
import { humanDuration } from '../../kube/duration.ts';
import { isSidecar } from '../../kube/pods.ts';
import type { ContainerStatus, Pod } from '../../kube/types.ts';
import { ageOf, columns, NONE, printer, type Cell } from './columns.ts';

const COLUMNS = columns('Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP*', 'Node*', 'Nominated Node*', 'Readiness Gates*');

interface Summary {
  reason: string;
  ready: number;
  restarts: number;
  lastRestart: number;
}

export const podPrinter = printer<Pod>(COLUMNS, (pod, nowMs): Cell[] => {
  const { reason, ready, restarts, lastRestart } = summarize(pod);
  const total = (pod.spec?.containers?.length ?? 0) + (pod.spec?.initContainers ?? []).filter(isSidecar).length;
  const restartText = restarts > 0 && lastRestart > 0 ? `${restarts} (${humanDuration(nowMs - lastRestart)} ago)` : String(restarts);
  const gates = pod.spec?.readinessGates ?? [];
  const passed = gates.filter((gate) => getCondition(pod.status?.conditions, gate.conditionType)?.status === 'True').length;
  return [
    pod.metadata.name ?? '',
    `${ready}/${total}`,
    reason,
    restartText,
    ageOf(pod, nowMs),
    pod.status?.podIP || pod.status?.podIPs?.[0]?.ip || NONE,
    pod.spec?.nodeName || NONE,
    pod.status?.nominatedNodeName || NONE,
    gates.length === 0 ? NONE : `${passed}/${gates.length}`,
  ];
});

function summarize(pod: Pod): Summary {
  const summary: Summary = { reason: pod.status?.reason || pod.status?.phase || '', ready: 0, restarts: 0, lastRestart: 0 };
  const scheduled = getCondition(pod.status?.conditions, 'PodScheduled');
  if (scheduled?.reason === 'SchedulingGated') summary.reason = 'SchedulingGated';
  if (!initializing(pod, summary)) running(pod, summary);
  if (pod.metadata.deletionTimestamp) summary.reason = pod.status?.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
  return summary;
}

function countRestart(status: ContainerStatus, summary: Summary): void {
  summary.restarts += status.restartCount ?? 0;
  const finished = status.lastState?.terminated?.finishedAt;
  if (finished) summary.lastRestart = Math.max(summary.lastRestart, Date.parse(finished));
}

/** True while init containers run; then the pod's state is theirs. */
function initializing(pod: Pod, summary: Summary): boolean {
  const sidecars = new Set((pod.spec?.initContainers ?? []).filter(isSidecar).map((container) => container.name));
  const total = pod.spec?.initContainers?.length ?? 0;
  for (const [i, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    countRestart(status, summary);
    const { state } = status;
    if (state?.terminated?.exitCode === 0) continue;
    if (sidecars.has(status.name) && status.started) {
      if (status.ready) summary.ready++;
      continue;
    }
    if (state?.terminated) summary.reason = `Init:${terminatedReason(state.terminated)}`;
    else if (state?.waiting?.reason && state.waiting.reason !== 'PodInitializing') summary.reason = `Init:${state.waiting.reason}`;
    else summary.reason = `Init:${i}/${total}`;
    return true;
  }
  return false;
}

function terminatedReason(terminated: NonNullable<NonNullable<ContainerStatus['state']>['terminated']>): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

function running(pod: Pod, summary: Summary): void {
  let anyRunning = false;
  const initRestarts = summary.restarts;
  summary.restarts = (pod.status?.initContainerStatuses ?? []).some((s) => s.started && s.ready) ? initRestarts : 0;
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    countRestart(status, summary);
    const { state } = status;
    if (state?.waiting?.reason) summary.reason = state.waiting.reason;
    else if (state?.terminated) summary.reason = terminatedReason(state.terminated);
    else if (status.ready && state?.running) {
      anyRunning = true;
      summary.ready++;
    }
  }
  // A pod of which one container is done and another runs is running.
  if (summary.reason === 'Completed' && anyRunning) {
    summary.reason = getCondition(pod.status?.conditions, 'Ready')?.status === 'True' ? 'Running' : 'NotReady';
  }
}
