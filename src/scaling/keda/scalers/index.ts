/** The triggers there are, by their type. Each is loaded when the first trigger of its type comes. */
import type { ScalerFactory } from '../scaler.ts';

const SCALERS: Readonly<Record<string, () => Promise<ScalerFactory>>> = {
  cpu: async () => (await import('./resource.ts')).cpu,
  cron: async () => (await import('./cron.ts')).cron,
  external: async () => (await import('./external.ts')).external,
  'external-push': async () => (await import('./external.ts')).externalPush,
  'kubernetes-workload': async () => (await import('./kubernetes-workload.ts')).kubernetesWorkload,
  memory: async () => (await import('./resource.ts')).memory,
  'metrics-api': async () => (await import('./metrics-api.ts')).metricsApi,
  'nats-jetstream': async () => (await import('./nats-jetstream.ts')).natsJetstream,
  postgresql: async () => (await import('./postgresql.ts')).postgresql,
  prometheus: async () => (await import('./prometheus.ts')).prometheus,
  redis: async () => (await import('./redis.ts')).redis,
  'redis-streams': async () => (await import('./redis-streams.ts')).redisStreams,
};

export function isTriggerType(type: string): boolean {
  return Object.hasOwn(SCALERS, type);
}

export const TRIGGER_TYPES: readonly string[] = Object.keys(SCALERS);

/** Rejects with an Error that says which there are. */
export async function scalerFactory(type: string): Promise<ScalerFactory> {
  const load = isTriggerType(type) ? SCALERS[type] : undefined;
  if (load === undefined) throw new Error(`no scaler found for type: ${type}; there are: ${TRIGGER_TYPES.join(', ')}`);
  return load();
}
