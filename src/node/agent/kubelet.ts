/** What the API server asks of this node, about pods that run here. */
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { containersOf } from '../../kube/pods.ts';
import { badRequest, internalError, notFound } from '../../kube/status.ts';
import type { ExecOptions, ExecSession, Kubelet, LogOptions, NodeStats, PodRef } from '../../runtime/kubelet.ts';
import { readLog } from '../logs/reader.ts';
import { readUsage } from '../oci/cgroups.ts';
import { attachTo, dialPod, execIn } from '../oci/sessions.ts';
import { containerCgroup } from '../pod/launch.ts';
import type { ContainerRecord } from '../pod/record.ts';
import type { PodWorker } from '../pod/worker.ts';
import type { NodeWorld } from '../world.ts';

export function kubelet(world: NodeWorld, workerOf: (pod: PodRef) => PodWorker | undefined, workers: () => Iterable<PodWorker>): Kubelet {
  const find = (pod: PodRef): PodWorker => {
    const worker = workerOf(pod);
    if (worker === undefined) throw notFound({ group: '', plural: 'pods', name: pod.name });
    return worker;
  };
  const running = (pod: PodRef, container: string | undefined): { worker: PodWorker; id: string } => {
    const worker = find(pod);
    const record = containerRecord(worker, container);
    if (record.phase !== 'running' || record.id === undefined) throw internalError(`unable to upgrade connection: container not found ("${record.name}")`);
    return { worker, id: record.id };
  };
  return {
    async logs(pod: PodRef, options: LogOptions, signal: AbortSignal): Promise<Readable> {
      const worker = find(pod);
      const record = containerRecord(worker, options.container);
      const shown = shownRun(record, pod, options.previous === true);
      const path = join(worker.sandbox.dir, 'logs', record.name, `${shown}.log`);
      const live = () => options.previous !== true && record.phase === 'running' && record.restartCount === shown;
      return readLog({ path, live, clock: world.clock, signal }, options);
    },
    async exec(pod: PodRef, options: ExecOptions): Promise<ExecSession> {
      return execIn(world.runtime, running(pod, options.container).id, options);
    },
    async attach(pod: PodRef, options: Omit<ExecOptions, 'command'>): Promise<ExecSession> {
      const { id, worker } = running(pod, options.container);
      const session = attachTo(world.runtime, id, options);
      const record = containerRecord(worker, options.container);
      return {
        ...session,
        exit: session.exit.then(() => ({ exitCode: record.id === id && record.phase === 'exited' ? (record.termination?.exitCode ?? 0) : 0 })),
      };
    },
    async portForward(pod: PodRef, port: number): Promise<Duplex> {
      const { sandbox } = find(pod);
      if (sandbox.ip === undefined) throw badRequest(`pod ${pod.name} has no address yet`);
      return dialPod(sandbox.ip, port, sandbox.networkNamespace);
    },
    async stats(): Promise<NodeStats> {
      const pods: NodeStats['pods'] = [];
      let [cpuNanoseconds, memoryBytes] = [0, 0];
      for (const worker of workers()) {
        const containers = [];
        for (const record of Object.values(worker.record.containers)) {
          const usage = record.phase === 'running' && record.id !== undefined ? readUsage(containerCgroup(world, worker.pod, record.id)) : undefined;
          if (usage === undefined) continue;
          containers.push({ name: record.name, ...usage });
          cpuNanoseconds += usage.cpuNanoseconds;
          memoryBytes += usage.memoryBytes;
        }
        const { namespace, name, uid } = worker.record;
        if (containers.length > 0) pods.push({ pod: { namespace, name, uid }, containers });
      }
      return { time: world.clock.now(), cpuNanoseconds, memoryBytes, pods };
    },
  };
}

function containerRecord(worker: PodWorker, name: string | undefined): ContainerRecord {
  const { spec, metadata } = worker.pod;
  const wanted = name ?? metadata.annotations?.['kubectl.kubernetes.io/default-container'] ?? spec?.containers[0]?.name ?? '';
  const known = containersOf(spec).some((container) => container.name === wanted);
  if (!known) throw badRequest(`container ${wanted} is not valid for pod ${metadata.name}`);
  return worker.containers.of(wanted);
}

/** Which run's log to show: runs are counted from 0. */
function shownRun(record: ContainerRecord, pod: PodRef, previous: boolean): number {
  // Between two runs the one that has ended is the current one, and, as upstream, the previous one too while it waits to start again.
  const waiting = record.phase !== 'running' && record.waiting !== undefined;
  if (previous) {
    if (waiting && record.termination !== undefined) return record.restartCount;
    if (record.last === undefined) throw badRequest(`previous terminated container "${record.name}" in pod "${pod.name}" not found`);
    return record.restartCount - 1;
  }
  if (record.startedAtMs === undefined && record.termination === undefined) {
    throw badRequest(
      `container "${record.name}" in pod "${pod.name}" is waiting to start: ${record.waiting?.reason === 'ErrImagePull' || record.waiting?.reason === 'ImagePullBackOff' ? 'trying and failing to pull image' : (record.waiting?.reason ?? 'ContainerCreating')}`,
    );
  }
  return record.restartCount;
}
