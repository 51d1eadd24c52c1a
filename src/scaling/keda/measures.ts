/** What KEDA tells of itself, under upstream's names. */
import type { ControllerContext } from '../../runtime/controller.ts';
import type { Answer, Measured } from './measure.ts';
import type { ScaledObject } from './types.ts';

export interface KedaMeasures {
  asked(scaledObject: ScaledObject, answers: readonly Answer[], measured: Measured): void;
  failed(scaledObject: ScaledObject): void;
  paused(scaledObject: ScaledObject, paused: boolean): void;
  /** How much later than its polling interval a ScaledObject was looked at. */
  late(scaledObject: ScaledObject, ms: number): void;
}

const LABELS = ['namespace', 'scaledObject', 'scaler', 'triggerIndex', 'metric'];

export function kedaMeasures({ metrics }: Pick<ControllerContext, 'metrics'>): KedaMeasures {
  const value = metrics.gauge('keda_scaler_metrics_value', 'What a scaler answered last.', LABELS);
  const active = metrics.gauge('keda_scaler_active', '1 while there is work for a scaler, else 0.', LABELS);
  const errors = metrics.counter('keda_scaler_detail_errors_total', 'Answers that a scaler failed to give.', LABELS);
  const objectErrors = metrics.counter('keda_scaled_object_errors_total', 'Looks at a ScaledObject that failed.', ['namespace', 'scaledObject']);
  const paused = metrics.gauge('keda_scaled_object_paused', '1 while a ScaledObject is paused, else 0.', ['namespace', 'scaledObject']);
  const latency = metrics.gauge('keda_internal_scale_loop_latency_seconds', 'How late the last look was.', ['namespace', 'type', 'resource']);
  const of = ({ metadata }: ScaledObject): [string, string] => [metadata.namespace ?? '', metadata.name ?? ''];
  return {
    asked(scaledObject, answers, measured) {
      for (const { name, reading, built } of answers) {
        const labels = [...of(scaledObject), built.trigger.name || built.trigger.type, String(built.index), name];
        active(...labels).set(measured.activeMetrics.includes(name) ? 1 : 0);
        if (reading === undefined) errors(...labels).inc();
        else value(...labels).set(reading.value);
      }
      if (measured.failed) objectErrors(...of(scaledObject)).inc();
    },
    failed: (scaledObject) => objectErrors(...of(scaledObject)).inc(),
    paused: (scaledObject, isPaused) => paused(...of(scaledObject)).set(isPaused ? 1 : 0),
    late: (scaledObject, ms) => latency(scaledObject.metadata.namespace ?? '', 'scaledobject', scaledObject.metadata.name ?? '').set(Math.max(0, ms) / 1000),
  };
}
