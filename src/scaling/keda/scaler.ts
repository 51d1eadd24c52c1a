/**
 * What a scaler is: one file under scalers/, named by the trigger's type, that turns a trigger into numbers.
 *
 * A file exports a `ScalerFactory`. It reads the trigger's settings (throwing an Error that names the field), says which
 * metric the autoscaler is to look at, and answers values when asked. It reaches the world only through `ScalerWorld`, keeps nothing
 * but connections, and is made anew after an error: with secrets read again.
 */
import type { Client } from '../../runtime/client.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { MetricSpec } from '../hpa/types.ts';
import type { HttpGet } from './http-get.ts';
import type { Settings } from './settings.ts';
import type { MetricTargetType } from './types.ts';

export interface ScalerWorld {
  client: Client;
  clock: Clock;
  log: Logger;
  http: HttpGet;
  /** The address of a host name as pods of the namespace would find it: names of Services first. */
  resolve(host: string, namespace: string): Promise<string>;
}

export interface TriggerConfig {
  /** Its place in the ScaledObject; metric names begin with it. */
  index: number;
  namespace: string;
  /** The ScaledObject's or ScaledJob's name. */
  owner: string;
  ownerUid: string;
  settings: Settings;
  /** All of the trigger's metadata, for those who pass it on. */
  metadata: Readonly<Record<string, string>>;
  /** As the trigger has it; '' when it says none. */
  metricType: MetricTargetType | '';
  /** A formula takes the value: a threshold need not be given. */
  asMetricSource: boolean;
}

export interface Reading {
  value: number;
  /** Whether there is work at all: zero replicas become one. */
  active: boolean;
}

export interface Scaler {
  /** What the autoscaler is to look at: External ones are asked of `read`, others are the autoscaler's own. */
  readonly metrics: readonly MetricSpec[];
  /** The value of one of its External metrics. Rejects with an Error that says why there is none; gives up when the signal aborts. */
  read(metric: string, signal: AbortSignal): Promise<Reading>;
  /** Those that are told rather than ask: calls `onActive` whenever there is work, until the signal aborts. */
  watch?(onActive: () => void, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export type ScalerFactory = (config: TriggerConfig, world: ScalerWorld) => Scaler | Promise<Scaler>;

/** 's0-prometheus': what is not of a metric's name becomes a dash. */
export function metricName(index: number, name: string): string {
  return `s${index}-${name.replaceAll(/[/.:%()]/g, '-')}`;
}

/** A metric that `read` answers. `target` is per replica, or of all together where the trigger's metricType is Value. */
export function externalMetric({ index, metricType }: Pick<TriggerConfig, 'index' | 'metricType'>, name: string, target: number): MetricSpec {
  if (metricType === 'Utilization')
    throw new Error(
      "error getting scaler metric type: 'Utilization' metric type is unsupported for external metrics, allowed values are 'Value' or 'AverageValue'",
    );
  const value = quantityOf(target);
  return {
    type: 'External',
    external: {
      metric: { name: metricName(index, name) },
      target: metricType === 'Value' ? { type: 'Value', value } : { type: 'AverageValue', averageValue: value },
    },
  };
}

/** In thousandths, as the API has metrics; what is no number or below zero counts as zero. */
export function quantityOf(value: number): string {
  if (!Number.isFinite(value) || value <= 0) return '0';
  const thousandths = BigInt(Math.round(value * 1000));
  return thousandths % 1000n === 0n ? String(thousandths / 1000n) : `${thousandths}m`;
}
