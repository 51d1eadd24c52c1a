/** What autoscalers are told of ScaledObjects' triggers: external.metrics.k8s.io. */
import { badRequest, StatusError } from '../../kube/status.ts';
import { quantityOf } from './scaler.ts';
import { updateStatus } from './status.ts';
import { OWNER_LABEL, type ScaledObject } from './types.ts';
import type { KedaWorld } from './world.ts';

export interface ExternalValue {
  metricName: string;
  /** A quantity. */
  value: string;
}

export interface ExternalQuery {
  namespace: string;
  metric: string;
  /** 'scaledobject.keda.sh/name=podinfo' */
  labelSelector: string;
}

/** Rejects with a StatusError that says why there is no value. */
export function externalMetrics(world: KedaWorld): (query: ExternalQuery) => Promise<ExternalValue[]> {
  return async ({ namespace, metric, labelSelector }) => {
    const [, , name] = new RegExp(`(^|,)\\s*${OWNER_LABEL.replaceAll('.', '\\.')}\\s*==?\\s*([^,\\s]+)`).exec(labelSelector) ?? [];
    if (name === undefined) throw badRequest(`scaledObject name is not specified: ask with labelSelector=${OWNER_LABEL}=NAME`);
    const scaledObject = world.get({ namespace, name });
    if (scaledObject === undefined) throw internal(`error getting scalers: scaledobjects.keda.sh ${JSON.stringify(name)} not found`);
    const value = world.remembered(scaledObject, metric) ?? (await valueNow(world, scaledObject, metric));
    return [{ metricName: metric, value: quantityOf(value) }];
  };
}

async function valueNow(world: KedaWorld, scaledObject: ScaledObject, metric: string): Promise<number> {
  const { namespace = '', name = '' } = scaledObject.metadata;
  const measured = await Promise.resolve()
    .then(async () => world.measure(scaledObject, await world.targetOf(scaledObject), metric))
    .catch((error: unknown) => {
      throw internal(`error getting scalers: ${(error as Error).message}`);
    });
  // Failures count, whoever asks.
  if (measured.health !== undefined)
    await updateStatus(world.ctx.client, { namespace, name }, (status) => ({ ...status, health: { ...status.health, ...measured.health } }));
  const value = measured.values.get(metric);
  if (value !== undefined) return value;
  throw internal(
    measured.errors.length === 0 ? `no matching metrics found for ${metric}` : `metric:${metric} encountered error: ${measured.errors.join('; ')}`,
  );
}

function internal(message: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`);
}
