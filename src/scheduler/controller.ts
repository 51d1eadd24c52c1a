/** The scheduler's loop: one pod at a time against a snapshot that counts pods as soon as they are placed; binding goes on meanwhile. */
import { getCondition, setCondition, type Condition } from '../kube/conditions.ts';
import { isPodTerminal, podPriority } from '../kube/pods.ts';
import { namespaces, nodes, podDisruptionBudgets, pods } from '../kube/resources.ts';
import { isNotFound } from '../kube/status.ts';
import type { Node, Pod } from '../kube/types.ts';
import { timestamp } from '../runtime/clock.ts';
import type { Controller, ControllerContext } from '../runtime/controller.ts';
import { preempt, type Victims } from './preemption.ts';
import { SchedulingQueue } from './queue.ts';
import { explain, place } from './schedule.ts';
import { Snapshot } from './snapshot.ts';

const SCHEDULER_NAME = 'default-scheduler';
/** Bindings on their way at the same time. */
const MAX_BINDING = 64;

/** A node promised to a pod, and those that have yet to leave it. */
interface Nomination {
  pod: Pod;
  node: string;
  victims: Set<string>;
}

export function schedulerController(ctx: ControllerContext): Controller {
  // Asked for now, so that all informers of a process start together.
  const podInformer = ctx.informer(pods);
  const nodeInformer = ctx.informer(nodes);
  const namespaceInformer = ctx.informer(namespaces);
  const budgetInformer = ctx.informer(podDisruptionBudgets);
  const recorder = ctx.recorder(SCHEDULER_NAME);

  return {
    name: 'scheduler',
    async run(signal) {
      const snapshot = new Snapshot();
      const queue = new SchedulingQueue(ctx.clock);
      /** Placed here, not yet seen as bound: by uid, the pod with its node. */
      const assumed = new Map<string, Pod>();
      /** Pods promised a node whose victims are still leaving: they count there for pods that are not more important. */
      const nominated = new Map<string, Nomination>();
      const binding = new Set<Promise<void>>();
      let startAt = 0;

      const forget = (uid: string): void => {
        assumed.delete(uid);
        nominated.delete(uid);
        snapshot.removePod(uid);
        queue.remove(uid);
      };

      /** A pod whose victims are all gone need not wait for its back-off: its place is free. */
      const victimGone = (victimUid: string): void => {
        for (const [uid, { victims }] of nominated) if (victims.delete(victimUid) && victims.size === 0) queue.activate(uid);
      };

      const onPod = (pod: Pod, old: Pod | undefined): void => {
        const uid = pod.metadata.uid ?? '';
        if (isPodTerminal(pod)) {
          forget(uid);
          victimGone(uid);
          if (!old || !isPodTerminal(old)) queue.moveAll();
        } else if (pod.spec?.nodeName) {
          assumed.delete(uid);
          nominated.delete(uid);
          queue.remove(uid);
          snapshot.setPod(pod);
          if (old && JSON.stringify(old.metadata.labels) !== JSON.stringify(pod.metadata.labels)) queue.moveAll();
        } else if (isMine(pod) && !assumed.has(uid)) {
          // After a restart the promise is known from the pod alone.
          const promised = pod.status?.nominatedNodeName;
          if (promised && !nominated.has(uid)) nominated.set(uid, { pod, node: promised, victims: new Set() });
          queue.add(pod);
        } else if (pod.metadata.deletionTimestamp) {
          queue.remove(uid);
        }
      };

      const stops = [
        namespaceInformer.onChange({ upsert: (namespace) => snapshot.setNamespace(namespace) }),
        nodeInformer.onChange({
          upsert(node, old) {
            const known = snapshot.nodes.has(node.metadata.name ?? '');
            snapshot.setNode(node);
            // Pods can be seen before their node.
            if (!known) for (const pod of podInformer.list()) if (pod.spec?.nodeName === node.metadata.name && !isPodTerminal(pod)) snapshot.setPod(pod);
            if (!old || mayHelp(old, node)) queue.moveAll();
          },
          delete(node) {
            snapshot.removeNode(node.metadata.name ?? '');
            queue.moveAll();
          },
        }),
        podInformer.onChange({
          upsert: onPod,
          delete(pod) {
            forget(pod.metadata.uid ?? '');
            victimGone(pod.metadata.uid ?? '');
            queue.moveAll();
          },
        }),
      ];
      await Promise.all([podInformer.synced(signal), nodeInformer.synced(signal), namespaceInformer.synced(signal), budgetInformer.synced(signal)]);

      const bind = async (pod: Pod, nodeName: string): Promise<void> => {
        const { name = '', namespace = '', uid = '' } = pod.metadata;
        try {
          await ctx.client.createSubresource(pods, { namespace, name }, 'binding', {
            apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace, uid }, target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
          } as never);
          recorder.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
        } catch (error) {
          if (assumed.delete(uid)) snapshot.removePod(uid);
          const latest = podInformer.get({ namespace, name });
          ctx.log.warn('binding failed', { pod: `${namespace}/${name}`, node: nodeName, error: String(error) });
          if (!isNotFound(error) && latest && latest.metadata.uid === uid && isMine(latest)) queue.add(latest);
          queue.moveAll();
        }
      };

      const scheduleOne = async (pod: Pod): Promise<boolean> => {
        const uid = pod.metadata.uid ?? '';
        const view = withNominated(snapshot, nominated, pod);
        const placement = place(pod, view, ctx.random, startAt);
        if ('node' in placement) {
          const placed: Pod = { ...pod, spec: { ...pod.spec, containers: pod.spec?.containers ?? [], nodeName: placement.node } };
          assumed.set(uid, placed);
          nominated.delete(uid);
          snapshot.setPod(placed);
          const done = bind(pod, placement.node).finally(() => binding.delete(done));
          binding.add(done);
          if (binding.size >= MAX_BINDING) await Promise.race(binding);
          return true;
        }
        const outcome = preempt(pod, view, placement.refusals, budgetInformer.list(), ctx.random);
        const message = explain(view.nodes.size, placement.refusals);
        if ('victims' in outcome) {
          nominated.set(uid, { pod, node: outcome.victims.node, victims: new Set(outcome.victims.pods.map((victim) => victim.metadata.uid ?? '')) });
          await evict(pod, outcome.victims);
          await noteFailure(pod, message, outcome.victims.node);
        } else {
          if (!stillLeaving(uid)) nominated.delete(uid);
          await noteFailure(pod, view.nodes.size === 0 ? message : `${message} preemption: ${outcome.message}`, undefined);
        }
        return false;
      };

      const stillLeaving = (uid: string): boolean => (nominated.get(uid)?.victims.size ?? 0) > 0;

      const evict = async (pod: Pod, victims: Victims): Promise<void> => {
        const now = timestamp(ctx.clock.now());
        await Promise.all(victims.pods.map(async (victim) => {
          const { name = '', namespace = '', uid = '' } = victim.metadata;
          try {
            if (!victim.metadata.deletionTimestamp) {
              const condition = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message: `${SCHEDULER_NAME}: preempting to accommodate a higher priority pod`, lastTransitionTime: now };
              await ctx.client.patch(pods, { namespace, name }, { metadata: { uid }, status: { conditions: [condition] } }, { type: 'strategic', subresource: 'status' });
              await ctx.client.delete(pods, { namespace, name }, { preconditions: { uid } });
            }
            recorder.event(victim, 'Normal', 'Preempted', `Preempted by pod ${pod.metadata.uid} on node ${victims.node}`);
          } catch (error) {
            if (!isNotFound(error)) ctx.log.warn('a victim could not be evicted', { pod: `${namespace}/${name}`, error: String(error) });
          }
        }));
      };

      /** Says on the pod why it waits; writes only what changed, so that a waiting pod does not churn. */
      const noteFailure = async (pod: Pod, message: string, nominatedNode: string | undefined): Promise<void> => {
        const { name = '', namespace = '' } = pod.metadata;
        recorder.event(pod, 'Warning', 'FailedScheduling', message);
        const before = getCondition(pod.status?.conditions, 'PodScheduled');
        const nominatedBefore = pod.status?.nominatedNodeName;
        const nominatedAfter = nominatedNode ?? nominatedBefore;
        if (before?.status === 'False' && before.message === message && nominatedAfter === nominatedBefore) return;
        const conditions = setCondition<Condition>((pod.status?.conditions ?? []) as Condition[], { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }, timestamp(ctx.clock.now()));
        const status = { conditions: conditions.filter((c) => c.type === 'PodScheduled'), ...(nominatedAfter ? { nominatedNodeName: nominatedAfter } : {}) };
        try {
          await ctx.client.patch(pods, { namespace, name }, { status }, { type: 'strategic', subresource: 'status' });
        } catch (error) {
          if (!isNotFound(error)) ctx.log.warn('a pod\'s status could not be written', { pod: `${namespace}/${name}`, error: String(error) });
        }
      };

      signal.addEventListener('abort', () => queue.close(), { once: true });
      while (!signal.aborted) {
        const pod = queue.take();
        if (!pod) {
          await queue.ready(signal);
          continue;
        }
        startAt = (startAt + 1) % Math.max(1, snapshot.nodes.size);
        try {
          if (await scheduleOne(pod)) queue.done();
          else queue.failed();
        } catch (error) {
          ctx.log.error('scheduling failed', { pod: `${pod.metadata.namespace}/${pod.metadata.name}`, error: error instanceof Error ? error.stack : String(error) });
          queue.failed();
        }
      }
      for (const stop of stops) stop();
      await Promise.all(binding);
    },
  };
}

/** A pod this scheduler has to place. */
function isMine(pod: Pod): boolean {
  return !pod.spec?.nodeName && pod.spec?.schedulerName === SCHEDULER_NAME && !pod.metadata.deletionTimestamp && !pod.spec.schedulingGates?.length;
}

/** Whether a node's change can let pods in: heartbeats cannot. */
function mayHelp(old: Node, node: Node): boolean {
  const view = ({ metadata, spec, status }: Node): string => JSON.stringify([metadata.labels, spec?.taints, spec?.unschedulable, status?.allocatable, getCondition(status?.conditions, 'Ready')?.status]);
  return view(old) !== view(node);
}

/** Pods that were promised a node count there, for pods that are not more important. */
function withNominated(snapshot: Snapshot, nominated: ReadonlyMap<string, Nomination>, pod: Pod): Snapshot {
  let view = snapshot;
  for (const [uid, { pod: other, node: nodeName }] of nominated) {
    const node = view.nodes.get(nodeName);
    if (!node || uid === pod.metadata.uid || podPriority(other) < podPriority(pod)) continue;
    const copy = node.copy();
    copy.add(other);
    view = view.withNode(copy);
  }
  return view;
}
