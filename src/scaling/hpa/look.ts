/** One look at one autoscaler: reads its target and metrics, scales, and says in its status and events what it saw. */
import { equalJson } from '../../kube/json.ts';
import { horizontalPodAutoscalers } from '../../kube/resources.ts';
import type { HorizontalPodAutoscaler, ObjectKey } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { ControllerContext, EventRecorder } from '../../runtime/controller.ts';
import { combine, type Combined } from './combine.ts';
import { decide, firstLook, goesToZero, subjectOf, type Decision, type Subject } from './decide.ts';
import { History } from './history.ts';
import type { Action, HpaMeasures } from './measures.ts';
import type { MetricsClient } from './metrics-client.ts';
import type { HpaOptions } from './options.ts';
import { propose, type Failure, type Observed, type Proposal } from './proposal.ts';
import type { PodSelection, Selected } from './selection.ts';
import { StatusDraft } from './status.ts';
import { findTarget, rescale, resourcesOf, type KindMapper, type Target } from './targets.ts';
import { tolerancesOf } from './tolerance.ts';
import type { MetricStatus } from './types.ts';

export interface HpaWorld {
  ctx: ControllerContext;
  metrics: MetricsClient;
  kinds: KindMapper;
  selection: PodSelection;
  recorder: EventRecorder;
  measures: HpaMeasures;
  options: HpaOptions;
  /** By 'namespace/name'. */
  histories: Map<string, History>;
}

export interface Looked {
  action: Action;
  /** What went wrong, if anything did; the status and events have said it. */
  error?: string;
  /** Of the status that was written. */
  resourceVersion?: string;
}

/** Never rejects for what the API or the metrics refuse. */
export async function look(world: HpaWorld, hpa: HorizontalPodAutoscaler): Promise<Looked> {
  return new Look(world, hpa).run();
}

class Look {
  readonly #world: HpaWorld;
  readonly #hpa: HorizontalPodAutoscaler;
  readonly #spec: NonNullable<HorizontalPodAutoscaler['spec']>;
  readonly #key: Required<ObjectKey>;
  readonly #draft: StatusDraft;

  constructor(world: HpaWorld, hpa: HorizontalPodAutoscaler) {
    const { namespace = '', name = '' } = hpa.metadata;
    this.#world = world;
    this.#hpa = hpa;
    // The API has seen to it that there is one.
    this.#spec = hpa.spec!;
    this.#key = { namespace, name };
    this.#draft = new StatusDraft(hpa, timestamp(world.ctx.clock.now()));
  }

  async run(): Promise<Looked> {
    const { kinds, ctx } = this.#world;
    const { apiVersion, kind, name } = this.#spec.scaleTargetRef;
    let target: Target;
    try {
      target = await findTarget(ctx.client, resourcesOf(kinds, apiVersion, kind), { ...this.#key, name });
    } catch (error) {
      const text = textOf(error);
      this.#warn('FailedGetScale', text);
      const message = `the HPA controller was unable to get the target's current scale: ${text}`;
      this.#draft.set({ type: 'AbleToScale', status: 'False', reason: 'FailedGetScale', message });
      return this.#end({ action: 'none', error: message });
    }
    const message = "the HPA controller was able to get the target's current scale";
    this.#draft.set({ type: 'AbleToScale', status: 'True', reason: 'SucceededGetScale', message });
    return this.#scale(target, subjectOf(this.#spec, this.#draft.status, target.scale.spec?.replicas ?? 0));
  }

  async #scale(target: Target, subject: Subject): Promise<Looked> {
    const { current } = subject;
    const history = this.#history(current);
    const first = firstLook(subject);
    if (first.next === 'nothing') {
      const why = 'scaling is disabled since the replica count of the target is zero';
      this.#draft.set({ type: 'ScalingActive', status: 'False', reason: 'ScalingDisabled', message: why });
      this.#draft.look({ current, desired: current, metrics: null });
      return this.#end({ action: 'none' });
    }
    if (first.next === 'scale') return this.#rescale({ target, subject, history }, { ...first, conditions: [] }, null);

    const { statuses, error, wanted } = await this.#measure(target, current);
    if (wanted === undefined) {
      this.#draft.look({ current, metrics: statuses });
      const ended = await this.#end({ action: 'none', error: error ?? '' });
      this.#warn('FailedComputeMetricsReplicas', error ?? '');
      return ended;
    }
    const { downscaleStabilizationMs } = this.#world.options;
    const decision = decide(subject, wanted, { behavior: this.#spec.behavior, history, downscaleStabilizationMs, nowMs: this.#world.ctx.clock.monotonic() });
    for (const condition of decision.conditions) this.#draft.set(condition);
    const looked = decision.replicas === current ? await this.#keep(current, statuses) : await this.#rescale({ target, subject, history }, decision, statuses);
    return error === undefined ? looked : { error, ...looked };
  }

  #keep(current: number, statuses: MetricStatus[] | null): Promise<Looked> {
    this.#world.measures.desired(this.#key.namespace, this.#key.name, current);
    this.#draft.look({ current, desired: current, metrics: statuses });
    return this.#end({ action: 'none' });
  }

  async #rescale(
    { target, subject, history }: { target: Target; subject: Subject; history: History },
    { replicas, reason }: Decision,
    statuses: MetricStatus[] | null,
  ): Promise<Looked> {
    const { ctx, recorder, measures } = this.#world;
    const { current } = subject;
    try {
      await rescale(ctx, target, replicas);
    } catch (error) {
      const text = textOf(error);
      this.#warn('FailedRescale', `New size: ${replicas}; reason: ${reason}; error: ${text}`);
      const message = `the HPA controller was unable to update the target scale: ${text}`;
      this.#draft.set({ type: 'AbleToScale', status: 'False', reason: 'FailedUpdateScale', message });
      this.#draft.look({ current, metrics: statuses });
      return this.#end({ action: 'none', error: message });
    }
    const message = `the HPA controller was able to update the target scale to ${replicas}`;
    this.#draft.set({ type: 'AbleToScale', status: 'True', reason: 'SucceededRescale', message });
    recorder.event(this.#hpa, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`);
    if (this.#spec.behavior !== undefined) history.scaled(current, replicas, ctx.clock.monotonic(), this.#spec.behavior);
    this.#draft.set(
      goesToZero(subject, replicas)
        ? { type: 'ScaledToZero', status: 'True', reason: 'ScaledToZero', message: 'the HPA controller scaled the workload to zero' }
        : { type: 'ScaledToZero', status: 'False', reason: 'NotScaledToZero', message: 'the HPA controller did not scale the workload to zero' },
    );
    measures.desired(this.#key.namespace, this.#key.name, replicas);
    this.#draft.look({ current, desired: replicas, metrics: statuses, rescaled: true });
    return this.#end({ action: replicas > current ? 'scale_up' : 'scale_down' });
  }

  /** What the metrics ask for, with ScalingActive set. */
  async #measure(target: Target, current: number): Promise<Omit<Combined, 'statuses'> & { statuses: MetricStatus[] | null }> {
    const { spec, status } = target.scale;
    const selector = status?.selector ?? '';
    const selected = this.#select(selector);
    if ('error' in selected) return { ...selected, statuses: null };
    const { options, ctx } = this.#world;
    const seen: Observed = {
      namespace: this.#key.namespace,
      selector,
      specReplicas: spec?.replicas ?? 0,
      statusReplicas: status?.replicas ?? 0,
      pods: selected.pods,
      tolerances: tolerancesOf(this.#spec.behavior, options.tolerance),
      delays: options,
      nowMs: ctx.clock.now(),
    };
    const results: (Proposal | Failure)[] = [];
    for (const metric of this.#spec.metrics ?? []) {
      const began = ctx.clock.monotonic();
      const result = await propose(metric, seen, this.#world.metrics);
      results.push(result);
      const failed = 'reason' in result;
      if (failed) this.#warn(result.reason, result.message);
      const action = failed || result.replicas === current ? 'none' : result.replicas > current ? 'scale_up' : 'scale_down';
      this.#world.measures.computed(metric.type, action, failed ? 'internal' : 'none', ctx.clock.monotonic() - began);
    }
    const combined = combine(results, seen.specReplicas);
    this.#draft.set(combined.condition);
    return combined;
  }

  #select(selector: string): Selected | { error: string; condition: Combined['condition'] } {
    if (selector === '') return this.#unselected('SelectorRequired', 'selector is required', "the HPA target's scale is missing a selector");
    const selected = this.#world.selection.select(this.#key, selector);
    if (selected.by.length <= 1) return selected;
    const text = `pods by selector ${selector} are controlled by more than one HPA (e.g. [${selected.by.slice(0, 2).join(' ')}])`;
    return this.#unselected('AmbiguousSelector', text);
  }

  #unselected(event: string, error: string, message = error): { error: string; condition: Combined['condition'] } {
    this.#warn(event, error);
    const condition = { type: 'ScalingActive', status: 'False', reason: event === 'AmbiguousSelector' ? event : 'InvalidSelector', message };
    this.#draft.set(condition);
    return { error, condition };
  }

  /** Writes the status if it says something new. */
  async #end(looked: Looked): Promise<Looked> {
    const { ctx } = this.#world;
    const { status } = this.#draft;
    if (equalJson(this.#hpa.status ?? {}, status)) return looked;
    try {
      // Null is upstream's way of saying that nothing was measured; the type does not know it.
      const next = { ...this.#hpa, status: status as HorizontalPodAutoscaler['status'] } as HorizontalPodAutoscaler;
      const { metadata } = await ctx.client.update(horizontalPodAutoscalers, next, { subresource: 'status' });
      return { ...looked, ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }) };
    } catch (error) {
      this.#warn('FailedUpdateStatus', textOf(error));
      return { ...looked, error: `failed to update status for ${this.#key.name}: ${textOf(error)}` };
    }
  }

  #history(replicas: number): History {
    const { histories, ctx } = this.#world;
    const name = `${this.#key.namespace}/${this.#key.name}`;
    let history = histories.get(name);
    if (history === undefined) histories.set(name, (history = new History(replicas, ctx.clock.monotonic())));
    return history;
  }

  #warn(reason: string, message: string): void {
    this.#world.recorder.event(this.#hpa, 'Warning', reason, message);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
