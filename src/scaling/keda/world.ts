/** What the two loops of KEDA share. */
import { pods, type Resource } from '../../kube/resources.ts';
import { isPodReady } from '../../kube/pods.ts';
import type { KubeObject, PodSpec } from '../../kube/types.ts';
import type { ControllerContext, EventRecorder } from '../../runtime/controller.ts';
import { findTarget, rescale, resourcesOf, type KindMapper, type Target } from '../hpa/targets.ts';
import type { ReplicasNow } from './fallback.ts';
import { fallbackOf } from './fallback.ts';
import { kedaMeasures, type KedaMeasures } from './measures.ts';
import { ask, measure, type Measured } from './measure.ts';
import { formulaOf } from './modifiers.ts';
import { ScalerPool, type Triggers } from './pool.ts';
import type { ScaledJob } from './jobs/types.ts';
import type { ScalerWorld } from './scaler.ts';
import { COMPOSITE_METRIC, modifiersOf, scaledObjects, type ScaledObject } from './types.ts';

interface Templated extends KubeObject {
  spec?: { template?: { spec?: PodSpec } };
}

const DEFAULT_TARGET = { apiVersion: 'apps/v1', kind: 'Deployment' };

export interface KedaOptions {
  kinds: KindMapper;
  /** How scalers reach the world. */
  scalers: Pick<ScalerWorld, 'http' | 'resolve'>;
}

export class KedaWorld {
  readonly ctx: ControllerContext;
  readonly recorder: EventRecorder;
  readonly measures: KedaMeasures;
  readonly pool: ScalerPool;
  readonly #kinds: KindMapper;
  /** What was measured at the last look, for triggers with useCachedMetrics; by uid. */
  readonly #last = new Map<string, Measured>();

  constructor(ctx: ControllerContext, { kinds, scalers }: KedaOptions) {
    this.ctx = ctx;
    this.#kinds = kinds;
    this.recorder = ctx.recorder('keda-operator');
    this.measures = kedaMeasures(ctx);
    const { client, clock, log } = ctx;
    this.pool = new ScalerPool({ client, clock, log, ...scalers, recorder: this.recorder });
  }

  /** Throws an Error when the API serves no such kind. */
  resourceOf({ spec }: ScaledObject): Resource {
    const { apiVersion, kind } = {
      apiVersion: spec.scaleTargetRef.apiVersion || DEFAULT_TARGET.apiVersion,
      kind: spec.scaleTargetRef.kind || DEFAULT_TARGET.kind,
    };
    const found = resourcesOf(this.#kinds, apiVersion, kind);
    const version = apiVersion.split('/').at(-1);
    return found.find((resource) => resource.version === version) ?? found[0]!;
  }

  triggersOf(scaledObject: ScaledObject): Triggers {
    const { spec, metadata } = scaledObject;
    return {
      owner: scaledObject,
      triggers: spec.triggers,
      envContainer: spec.scaleTargetRef.envSourceContainerName || undefined,
      isMetricSource: modifiersOf(scaledObject) !== undefined,
      formula: () => formulaOf(scaledObject),
      podSpec: async () => {
        const key = { namespace: metadata.namespace ?? '', name: spec.scaleTargetRef.name };
        return (await this.ctx.client.get(this.resourceOf(scaledObject) as Resource<Templated>, key)).spec?.template?.spec;
      },
    };
  }

  jobTriggers(scaledJob: ScaledJob): Triggers {
    const { spec } = scaledJob;
    return {
      owner: scaledJob,
      triggers: spec.triggers,
      envContainer: spec.envSourceContainerName || undefined,
      isMetricSource: false,
      formula: () => undefined,
      podSpec: () => Promise.resolve(spec.jobTargetRef.template.spec),
    };
  }

  targetOf(scaledObject: ScaledObject): Promise<Target> {
    const key = { namespace: scaledObject.metadata.namespace ?? '', name: scaledObject.spec.scaleTargetRef.name };
    return findTarget(this.ctx.client, [this.resourceOf(scaledObject)], key);
  }

  rescale(target: Target, replicas: number): Promise<void> {
    return rescale(this.ctx, target, replicas);
  }

  /** Asks all scalers, or those of one metric, and keeps what they said in mind. Rejects when there are none to ask. */
  async measure(scaledObject: ScaledObject, target: Target, only?: string): Promise<Measured> {
    const built = await this.pool.get(this.triggersOf(scaledObject));
    const answers = await ask(built, built.formula === undefined ? only : undefined);
    const replicas = await this.#replicas(scaledObject, target);
    const measured = measure({ scaledObject, answers, built, replicas });
    this.measures.asked(scaledObject, answers, measured);
    for (const error of measured.errors)
      this.recorder.event(scaledObject, 'Warning', built.formula === undefined ? 'KEDAScalerFailed' : 'KEDAMetricSourceFailed', error);
    // With secrets and addresses as they are now, it may do better next time.
    if (answers.some(({ reading }) => reading === undefined)) this.pool.drop(scaledObject.metadata.uid ?? '');
    return measured;
  }

  remember(scaledObject: ScaledObject, measured: Measured): void {
    this.#last.set(scaledObject.metadata.uid ?? '', measured);
  }

  /** What the last look found, where the metric's trigger is to be asked no more often than that. */
  remembered(scaledObject: ScaledObject, metric: string): number | undefined {
    const { triggers } = scaledObject.spec;
    const index = Number(/^s(\d+)-/.exec(metric)?.[1]);
    const cached = metric === COMPOSITE_METRIC ? triggers.every(({ useCachedMetrics }) => useCachedMetrics) : triggers[index]?.useCachedMetrics;
    return cached ? this.#last.get(scaledObject.metadata.uid ?? '')?.values.get(metric) : undefined;
  }

  forget(uid: string): boolean {
    this.#last.delete(uid);
    return this.pool.drop(uid);
  }

  /** Only fallbacks ask for these. */
  async #replicas(scaledObject: ScaledObject, { scale }: Target): Promise<ReplicasNow> {
    const current = scale.spec?.replicas ?? 0;
    if (fallbackOf(scaledObject) === undefined) return { current, ready: 0 };
    const { items } = await this.ctx.client.list(pods, { namespace: scaledObject.metadata.namespace ?? '', labelSelector: scale.status?.selector ?? '' });
    return { current, ready: items.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length };
  }

  get(key: { name: string; namespace?: string }): ScaledObject | undefined {
    return this.ctx.informer(scaledObjects).get(key);
  }
}
