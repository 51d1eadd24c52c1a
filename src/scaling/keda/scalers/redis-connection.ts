/** A connection to Redis for its two scalers. */
import { createClient } from '@redis/client';
import type { ScalerWorld, TriggerConfig } from '../scaler.ts';
import type { Source } from '../settings.ts';

export interface Redis {
  /** Rejects when the server refuses or does not answer before the signal aborts. */
  command(signal: AbortSignal, ...words: string[]): Promise<unknown>;
  close(): Promise<void>;
}

const ANY: { from: readonly Source[] } = { from: ['metadata', 'env', 'auth'] };
const AUTH: { from: readonly Source[] } = { from: ['auth'] };
const CONNECT_MS = 5000;

/** Connects when the first command comes. Throws an Error that names what is missing. */
export function redisConnection({ settings, namespace }: TriggerConfig, { resolve }: ScalerWorld): Redis {
  const [host = '', port = '6379'] = addressOf();
  const tls = isTls();
  const username = settings.optional('username', ANY);
  const password = settings.optional('password', ANY);
  const database = settings.whole('databaseIndex', 0);
  const certificates = {
    ca: settings.optional('ca', AUTH),
    cert: settings.optional('cert', AUTH),
    key: settings.optional('key', AUTH),
    passphrase: settings.optional('keyPassword', AUTH),
  };
  const given = Object.fromEntries(Object.entries(certificates).filter(([, value]) => value !== undefined));
  const insecure = settings.boolean('unsafeSsl', false);

  function addressOf(): string[] {
    const address = settings.optional('address', ANY) ?? settings.optional('addresses', ANY);
    const [first = ''] = (address ?? '').split(',');
    if (first !== '') return [first.replace(/:\d+$/, ''), /:(\d+)$/.exec(first)?.[1] ?? '6379'];
    const named = settings.optional('host', ANY) ?? settings.optional('hosts', ANY);
    if (named === undefined) throw new Error('no addresses or hosts given. address should be a comma separated list of host:port or set the host/port values');
    return [named.split(',')[0] ?? '', (settings.optional('port', ANY) ?? settings.optional('ports', ANY) ?? '6379').split(',')[0] ?? '6379'];
  }

  function isTls(): boolean {
    const said = settings.optional('tls', AUTH);
    if (said === undefined) return settings.boolean('enableTLS', false);
    if (settings.optional('enableTLS') !== undefined) throw new Error('unable to set `tls` in both ScaledObject and TriggerAuthentication together');
    if (said !== 'enable' && said !== 'disable') throw new Error('error incorrect TLS value given: it must be enable or disable');
    return said === 'enable';
  }

  async function connect() {
    const socket = { host: await resolve(host, namespace), port: Number(port), connectTimeout: CONNECT_MS, reconnectStrategy: false } as const;
    const made = createClient({
      socket: tls ? { ...socket, tls: true, servername: host, rejectUnauthorized: !insecure, ...given } : socket,
      database,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    });
    // Told by the command that fails.
    made.on('error', () => undefined);
    await made.connect();
    return made;
  }

  let connection: ReturnType<typeof connect> | undefined;

  return {
    async command(signal, ...words) {
      connection ??= connect();
      const mine = connection;
      try {
        const client = await mine;
        return await Promise.race([
          client.sendCommand(words),
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('redis did not answer in time')), { once: true })),
        ]);
      } catch (error) {
        if (connection === mine) connection = undefined;
        void mine.then((client) => client.destroy()).catch(() => undefined);
        throw new Error(`error talking to redis at ${host}:${port}: ${(error as Error).message}`, { cause: error });
      }
    },
    async close() {
      const mine = connection;
      connection = undefined;
      await mine?.then((client) => client.destroy()).catch(() => undefined);
    },
  };
}
