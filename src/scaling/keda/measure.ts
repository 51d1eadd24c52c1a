/** Asks scalers, and makes of their answers what the autoscaler and the activation of a ScaledObject are told. */
import type { MetricSpec } from '../hpa/types.ts';
import { fallbackOf, fallbackValue, healthAfter, isBeyond, type ReplicasNow } from './fallback.ts';
import type { BuiltTrigger, BuiltTriggers } from './pool.ts';
import type { Reading } from './scaler.ts';
import { COMPOSITE_METRIC, isResourceTrigger, modifiersOf, type Health, type ScaledObject } from './types.ts';

/** One External metric of one trigger, asked. */
export interface Answer {
  built: BuiltTrigger;
  metric: MetricSpec;
  name: string;
  reading?: Reading;
  error?: string;
}

export interface Measured {
  /** What the autoscaler is told, by metric; what is missing here has failed. */
  values: Map<string, number>;
  active: boolean;
  /** Any scaler failed, and nothing stands in for it. */
  failed: boolean;
  /** Names of the metrics for which there is work. */
  activeMetrics: string[];
  fallbackActive: boolean;
  /** Of the metrics asked; only where there is a fallback. */
  health?: Record<string, Health>;
  /** 'metric: why' */
  errors: string[];
}

const ASK_MS = 30_000;

/** `only`: one metric; a formula needs them all. */
export async function ask({ triggers }: BuiltTriggers, only?: string): Promise<Answer[]> {
  const asked = triggers.flatMap((built) =>
    built.scaler.metrics.flatMap((metric) => {
      const name = metric.external?.metric.name;
      return name === undefined || (only !== undefined && name !== only) ? [] : [{ built, metric, name }];
    }),
  );
  return Promise.all(
    asked.map(async (one): Promise<Answer> => {
      try {
        return { ...one, reading: await one.built.scaler.read(one.name, AbortSignal.timeout(ASK_MS)) };
      } catch (error) {
        return { ...one, error: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

export interface MeasureInput {
  scaledObject: ScaledObject;
  answers: readonly Answer[];
  built: BuiltTriggers;
  replicas: ReplicasNow;
}

/** Pure. */
export function measure({ scaledObject, answers, built, replicas }: MeasureInput): Measured {
  const fallback = fallbackOf(scaledObject);
  const health = { ...scaledObject.status?.health };
  const measured: Measured = {
    values: new Map(),
    active: false,
    failed: false,
    activeMetrics: [],
    fallbackActive: false,
    errors: [],
    ...(fallback && { health }),
  };
  /** For the formula: null where a trigger has failed for too long and the formula says what then. */
  const named = new Map<string, number | null>();
  for (const {
    name,
    metric,
    reading,
    error,
    built: { trigger },
  } of answers) {
    if (fallback) health[name] = healthAfter(health[name], reading === undefined);
    if (reading !== undefined) {
      measured.values.set(name, reading.value);
      named.set(trigger.name ?? '', reading.value);
      if (reading.active) measured.activeMetrics.push(name);
      continue;
    }
    measured.errors.push(`${name}: ${error}`);
    if (fallback === undefined || !isBeyond(health[name], fallback)) {
      measured.failed = true;
      continue;
    }
    if (fallback.behavior === 'scalingModifiers') {
      named.set(trigger.name ?? '', null);
      continue;
    }
    const value = fallbackValue(scaledObject, fallback, metric, replicas);
    if (value === undefined) {
      measured.failed = true;
      continue;
    }
    measured.fallbackActive = true;
    measured.values.set(name, value);
    measured.activeMetrics.push(name);
  }
  if (built.formula !== undefined) compose(scaledObject, built.formula, named, measured);
  measured.active = measured.activeMetrics.length > 0;
  // Nothing but the autoscaler's own metrics could bring it back from zero.
  if (!measured.failed && scaledObject.spec.triggers.every(isResourceTrigger)) measured.active = true;
  return measured;
}

/** Replaces what triggers say by what the formula makes of it. */
function compose(
  scaledObject: ScaledObject,
  formula: NonNullable<BuiltTriggers['formula']>,
  named: ReadonlyMap<string, number | null>,
  measured: Measured,
): void {
  const { target = '', activationTarget } = modifiersOf(scaledObject) ?? {};
  let value: number | undefined;
  if (measured.fallbackActive) [value] = measured.values.values();
  else if (!measured.failed) {
    try {
      value = formula(named) ?? (scaledObject.spec.fallback?.replicas ?? 0) * Number(target);
    } catch (error) {
      measured.errors.push(`${COMPOSITE_METRIC}: ${(error as Error).message}`);
      measured.failed = true;
    }
  }
  measured.values.clear();
  measured.activeMetrics = [];
  if (value === undefined) return;
  measured.values.set(COMPOSITE_METRIC, value);
  if (!measured.failed && value > Number(activationTarget || '0')) measured.activeMetrics.push(COMPOSITE_METRIC);
}
