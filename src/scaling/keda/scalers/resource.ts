/** cpu and memory: the autoscaler's own, and always active. */
import type { MetricSpec } from '../../hpa/types.ts';
import type { Scaler, ScalerFactory } from '../scaler.ts';

function ofResource(name: 'cpu' | 'memory'): ScalerFactory {
  return ({ settings, metricType }): Scaler => {
    const target = targetOf();
    const container = settings.optional('containerName');
    const metric: MetricSpec =
      container === undefined
        ? { type: 'Resource', resource: { name, target } }
        : { type: 'ContainerResource', containerResource: { name, container, target } };
    return { metrics: [metric], read: () => Promise.resolve({ value: 0, active: true }), close: () => Promise.resolve() };

    function targetOf(): { type: string; averageValue?: string; averageUtilization?: number } {
      if (metricType === 'AverageValue') return { type: metricType, averageValue: settings.quantity('value') };
      if (metricType === 'Utilization') return { type: metricType, averageUtilization: settings.whole('value') };
      throw new Error(`error parsing ${name} metadata: unknown metric type: ${metricType}, allowed values are 'Utilization' or 'AverageValue'`);
    }
  };
}

export const cpu = ofResource('cpu');
export const memory = ofResource('memory');
