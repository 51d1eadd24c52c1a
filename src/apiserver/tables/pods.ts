/** The table of pods: STATUS says the most telling thing about a pod, as kubectl users read it. */
import { getCondition } from '../../kube/conditions.ts';
import { humanDuration } from '../../kube/duration.ts';
import { isPodTerminal, isSidecar } from '../../kube/pods.ts';
import type { ContainerStatus, Pod } from '../../kube/types.ts';
import { AGE, ageOf, columns, NAME, NONE, printer, type Cell } from './columns.ts';

const COLUMNS = columns(
  NAME,
  ['Ready', 'The aggregate readiness state of this pod for accepting traffic.'],
  ['Status', 'The aggregate status of the containers in this pod.'],
  ['Restarts', 'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.'],
  AGE,
  ['IP*', 'v1/PodStatus#podIP'],
  ['Node*', 'v1/PodSpec#nodeName'],
  ['Nominated Node*', 'v1/PodStatus#nominatedNodeName'],
  ['Readiness Gates*', 'v1/PodSpec#readinessGates'],
);

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
  const initializing = initialize(pod, summary);
  if (!initializing || getCondition(pod.status?.conditions, 'Initialized')?.status === 'True') running(pod, summary);
  if (pod.metadata.deletionTimestamp) {
    if (pod.status?.reason === 'NodeLost') summary.reason = 'Unknown';
    else if (!isPodTerminal(pod)) summary.reason = 'Terminating';
  }
  return summary;
}

function countRestart(status: ContainerStatus, summary: Summary): void {
  summary.restarts += status.restartCount ?? 0;
  const finished = status.lastState?.terminated?.finishedAt;
  if (finished) summary.lastRestart = Math.max(summary.lastRestart, Date.parse(finished));
}

/** True while init containers run; then the pod's state is theirs. */
function initialize(pod: Pod, summary: Summary): boolean {
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
  let failure = '';
  // What init containers counted is past, but for those that run beside the pod.
  Object.assign(summary, { restarts: 0, lastRestart: 0 });
  const sidecars = new Set((pod.spec?.initContainers ?? []).filter(isSidecar).map((container) => container.name));
  for (const status of pod.status?.initContainerStatuses ?? []) if (sidecars.has(status.name)) countRestart(status, summary);
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    countRestart(status, summary);
    const { state } = status;
    if (state?.waiting?.reason) summary.reason = state.waiting.reason;
    else if (state?.terminated) {
      summary.reason = terminatedReason(state.terminated);
      if (state.terminated.exitCode !== 0) failure = summary.reason;
    } else if (status.ready && state?.running) {
      anyRunning = true;
      summary.ready++;
    }
  }
  if (summary.reason !== 'Completed') return;
  // A pod of which one container is done and another runs is running.
  if (anyRunning && getCondition(pod.status?.conditions, 'Ready')?.status === 'True') summary.reason = 'Running';
  else if (failure !== '') summary.reason = failure;
  else if (anyRunning) summary.reason = 'NotReady';
}
