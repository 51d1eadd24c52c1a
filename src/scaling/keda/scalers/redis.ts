/** The length of a list, set, sorted set or hash in Redis. */
import { externalMetric, type ScalerFactory } from '../scaler.ts';
import { redisConnection } from './redis-connection.ts';

const LENGTH_OF: Readonly<Record<string, string>> = { list: 'LLEN', none: 'LLEN', set: 'SCARD', zset: 'ZCARD', hash: 'HLEN' };

export const redis: ScalerFactory = (config, world) => {
  const { settings } = config;
  const name = settings.text('listName');
  const target = settings.whole('listLength', 5);
  const activation = settings.whole('activationListLength', 0);
  const connection = redisConnection(config, world);
  return {
    metrics: [externalMetric(config, `redis-${name}`, target)],
    async read(_metric, signal) {
      const type = String(await connection.command(signal, 'TYPE', name));
      const command = LENGTH_OF[type];
      if (command === undefined) throw new Error(`key ${name} is of type ${type}, which has no length: use a list, set, sorted set or hash`);
      const value = Number(await connection.command(signal, command, name));
      return { value, active: value > activation };
    },
    close: () => connection.close(),
  };
};
