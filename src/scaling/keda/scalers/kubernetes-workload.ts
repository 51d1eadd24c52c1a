/** As many replicas as there are pods of another workload, or nodes that run them. */
import { isPodTerminal } from '../../../kube/pods.ts';
import { pods } from '../../../kube/resources.ts';
import { parseLabelSelector } from '../../../kube/selectors.ts';
import { externalMetric, type ScalerFactory } from '../scaler.ts';

export const kubernetesWorkload: ScalerFactory = (config, { client }) => {
  const { settings, namespace } = config;
  const labelSelector = settings.text('podSelector');
  try {
    parseLabelSelector(labelSelector);
  } catch (error) {
    throw new Error(`error parsing pod selector: ${(error as Error).message}`, { cause: error });
  }
  const target = settings.number('value', 0);
  if (target <= 0 && !config.asMetricSource) throw new Error('value must be a float greater than 0');
  const activationValue = settings.number('activationValue', 0);
  const byNode = settings.boolean('groupByNode', false);
  return {
    metrics: [externalMetric(config, `workload-${namespace}`, target)],
    async read() {
      const counted = (await client.list(pods, { namespace, labelSelector })).items.filter((pod) => !isPodTerminal(pod));
      const value = byNode ? new Set(counted.flatMap(({ spec }) => spec?.nodeName || [])).size : counted.length;
      return { value, active: value > activationValue };
    },
    close: () => Promise.resolve(),
  };
};
