/** Entries of a stream in Redis: all, those a consumer group has not acknowledged, or those it has not had yet. */
import { externalMetric, type ScalerFactory } from '../scaler.ts';
import { redisConnection } from './redis-connection.ts';

export const redisStreams: ScalerFactory = (config, world) => {
  const { settings } = config;
  const stream = settings.text('stream');
  const group = settings.optional('consumerGroup');
  const lagCount = settings.whole('lagCount', 0);
  const target = group === undefined ? settings.whole('streamLength', 5) : lagCount > 0 ? lagCount : settings.whole('pendingEntriesCount', 5);
  const activation = settings.whole('activationLagCount', 0);
  const connection = redisConnection(config, world);

  async function count(signal: AbortSignal): Promise<number> {
    if (group === undefined) return Number(await connection.command(signal, 'XLEN', stream));
    if (lagCount === 0) {
      const [pending] = (await connection.command(signal, 'XPENDING', stream, group)) as [number];
      return Number(pending);
    }
    return (await lag(signal, group)) ?? Number(await connection.command(signal, 'XLEN', stream));
  }

  /** Undefined where nobody has made the group yet: everything waits for it. */
  async function lag(signal: AbortSignal, name: string): Promise<number | undefined> {
    let groups: unknown[];
    try {
      groups = (await connection.command(signal, 'XINFO', 'GROUPS', stream)) as unknown[];
    } catch (error) {
      if (/no such key/.test((error as Error).message)) return 0;
      throw error;
    }
    const found = groups.map(fieldsOf).find((fields) => fields['name'] === name);
    if (found === undefined) return undefined;
    if (found['lag'] === undefined) throw new Error('redis version 7+ required for lag');
    return Number(found['lag'] ?? 0);
  }

  return {
    metrics: [externalMetric(config, `redis-streams-${stream}`, target)],
    async read(_metric, signal) {
      const value = await count(signal);
      return { value, active: value > activation };
    },
    close: () => connection.close(),
  };
};

/** Names and values follow each other. */
function fieldsOf(group: unknown): Record<string, unknown> {
  if (!Array.isArray(group)) return group as Record<string, unknown>;
  return Object.fromEntries(group.flatMap((name, i) => (i % 2 === 0 ? [[String(name), group[i + 1]]] : [])));
}
