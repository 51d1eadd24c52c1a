/** What the controller tells of itself, under upstream's names. */
import type { ControllerContext } from '../../runtime/controller.ts';

export type Action = 'none' | 'scale_up' | 'scale_down';
export type Trouble = 'none' | 'spec' | 'internal';

export interface HpaMeasures {
  reconciled(action: Action, error: Trouble, ms: number): void;
  computed(type: string, action: Action, error: Trouble, ms: number): void;
  desired(namespace: string, name: string, replicas: number): void;
  count(autoscalers: number): void;
}

const BUCKETS = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i);
const PREFIX = 'horizontal_pod_autoscaler_controller';

export function hpaMeasures({ metrics }: Pick<ControllerContext, 'metrics'>): HpaMeasures {
  const labels = ['action', 'error'];
  const typed = [...labels, 'metric_type'];
  const reconciliations = metrics.counter(`${PREFIX}_reconciliations_total`, 'Looks at an autoscaler.', labels);
  const durations = metrics.histogram(`${PREFIX}_reconciliation_duration_seconds`, 'How long a look at an autoscaler took.', BUCKETS, labels);
  const computations = metrics.counter(`${PREFIX}_metric_computation_total`, 'Metrics computed.', typed);
  const computing = metrics.histogram(`${PREFIX}_metric_computation_duration_seconds`, 'How long one metric took.', BUCKETS, typed);
  const autoscalers = metrics.gauge(`${PREFIX}_num_horizontal_pod_autoscalers`, 'Autoscalers there are.')();
  const desired = metrics.gauge(`${PREFIX}_desired_replicas`, 'Replicas an autoscaler wants.', ['namespace', 'hpa_name']);
  return {
    reconciled(action, error, ms) {
      reconciliations(action, error).inc();
      durations(action, error).observe(ms / 1000);
    },
    computed(type, action, error, ms) {
      computations(action, error, type).inc();
      computing(action, error, type).observe(ms / 1000);
    },
    desired: (namespace, name, replicas) => desired(namespace, name).set(replicas),
    count: (number) => autoscalers.set(number),
  };
}
