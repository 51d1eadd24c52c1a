/** Writes what the scheduler decided to the API: bindings, conditions, victims' ends, events. */
import { getCondition, setCondition, type Condition } from '../kube/conditions.ts';
import { pods } from '../kube/resources.ts';
import { isNotFound } from '../kube/status.ts';
import type { KubeObject, Pod } from '../kube/types.ts';
import { timestamp } from '../runtime/clock.ts';
import type { ControllerContext, EventRecorder } from '../runtime/controller.ts';
import { objectKey } from '../runtime/reconcile.ts';
import { SCHEDULER_NAME } from './cluster-view.ts';
import type { Victims } from './preemption.ts';

export class Outcome {
  readonly #ctx: ControllerContext;
  readonly #recorder: EventRecorder;

  constructor(ctx: ControllerContext) {
    this.#ctx = ctx;
    this.#recorder = ctx.recorder(SCHEDULER_NAME);
  }

  /** Rejects with what the API answers. */
  async bind(pod: Pod, nodeName: string): Promise<void> {
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace, uid }, target: { kind: 'Node', name: nodeName } };
    await this.#ctx.client.createSubresource(pods, objectKey(pod), 'binding', binding as KubeObject);
    this.#recorder.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
  }

  /**
   * Says why the pod has no node. `nominated`: the node whose victims leave for it, '' to take back an older promise,
   * undefined to leave it as it is. Writes the status only when it differs.
   */
  async unschedulable(pod: Pod, message: string, nominated: string | undefined): Promise<void> {
    this.#recorder.event(pod, 'Warning', 'FailedScheduling', message);
    const condition: Condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
    const old = getCondition(pod.status?.conditions as Condition[] | undefined, 'PodScheduled');
    const sameCondition = old?.status === 'False' && old.reason === condition.reason && old.message === message;
    const promise =
      nominated === undefined || nominated === (pod.status?.nominatedNodeName ?? '') ? {} : { nominatedNodeName: nominated === '' ? null : nominated };
    if (sameCondition && Object.keys(promise).length === 0) return;
    await this.#patchStatus(pod, { ...promise, ...(sameCondition ? {} : { conditions: [this.#stamped(pod, condition)] }) });
  }

  /** Each victim learns why it goes, then goes with its own grace. */
  async evict({ pods: victims, node }: Victims, preemptor: Pod): Promise<void> {
    await Promise.all(
      victims.map(async (victim) => {
        if (victim.metadata.deletionTimestamp) return;
        const condition: Condition = {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'PreemptionByScheduler',
          message: `${SCHEDULER_NAME}: preempting to accommodate a higher priority pod`,
        };
        await this.#patchStatus(victim, { conditions: [this.#stamped(victim, condition)] });
        await this.#ctx.client.delete(pods, objectKey(victim), { preconditions: { uid: victim.metadata.uid ?? '' } }).catch(unlessNotFound);
        this.#recorder.event(victim, 'Normal', 'Preempted', `Preempted by pod ${preemptor.metadata.uid ?? ''} on node ${node}`);
      }),
    );
  }

  /** A more important pod takes the node this one was promised. */
  async takeBackPromise(pod: Pod): Promise<void> {
    if (pod.status?.nominatedNodeName) await this.#patchStatus(pod, { nominatedNodeName: null });
  }

  #stamped(pod: Pod, condition: Condition): Condition | undefined {
    return getCondition(
      setCondition(pod.status?.conditions as Condition[] | undefined, { ...condition, lastProbeTime: null }, timestamp(this.#ctx.clock.now())),
      condition.type,
    );
  }

  async #patchStatus(pod: Pod, status: Record<string, unknown>): Promise<void> {
    const patch = { metadata: { uid: pod.metadata.uid }, status };
    await this.#ctx.client.patch(pods, objectKey(pod), patch, { type: 'strategic', subresource: 'status' }).catch(unlessNotFound);
  }
}

function unlessNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
