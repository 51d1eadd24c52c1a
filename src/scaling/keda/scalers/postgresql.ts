/** A query to PostgreSQL whose answer is one number. */
import pg from 'pg';
import { externalMetric, type ScalerFactory } from '../scaler.ts';
import type { Source } from '../settings.ts';

const EITHER: { from: readonly Source[] } = { from: ['auth', 'metadata'] };
const SECRET: { from: readonly Source[] } = { from: ['auth', 'env'] };
const CONNECT_MS = 5000;
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

type Parameters = Record<string, string>;

export const postgresql: ScalerFactory = (config, { resolve }) => {
  const { settings, namespace } = config;
  const query = settings.text('query');
  const target = settings.number('targetQueryValue', config.asMetricSource ? 0 : undefined);
  if (target === 0 && !config.asMetricSource) throw new Error('no targetQueryValue given');
  const activation = settings.number('activationTargetQueryValue', 0);
  const parameters = parametersOf();
  let connection: Promise<pg.Client> | undefined;

  function parametersOf(): Parameters {
    const text = settings.optional('connection', SECRET);
    if (text !== undefined) return parseConnection(text);
    return {
      host: settings.text('host', EITHER),
      port: String(settings.whole('port', undefined, EITHER)),
      user: settings.text('userName', EITHER),
      dbname: settings.text('dbName', EITHER),
      sslmode: settings.choice('sslmode', SSL_MODES, undefined, EITHER),
      password: settings.optional('password', SECRET) ?? '',
    };
  }

  async function connect(): Promise<pg.Client> {
    const { host = 'localhost', port = '5432', user = '', dbname = user, password = '', sslmode = 'prefer' } = parameters;
    const options = { host: await resolve(host, namespace), port: Number(port), user, database: dbname, password, connectionTimeoutMillis: CONNECT_MS };
    const open = async (ssl: pg.ClientConfig['ssl']): Promise<pg.Client> => {
      const client = new pg.Client({ ...options, ssl });
      // Told by the query that fails.
      client.on('error', () => undefined);
      await client.connect();
      return client;
    };
    const verified = sslmode === 'verify-ca' || sslmode === 'verify-full';
    if (sslmode === 'disable' || sslmode === 'allow') return open(false);
    try {
      return await open({ rejectUnauthorized: verified, ...(sslmode === 'verify-full' ? { servername: host } : {}) });
    } catch (error) {
      if (sslmode === 'prefer' && /does not support SSL/.test((error as Error).message)) return open(false);
      throw error;
    }
  }

  return {
    metrics: [externalMetric(config, 'postgresql', target)],
    async read(_metric, signal) {
      connection ??= connect();
      const mine = connection;
      // A query cannot be given up but with its connection.
      const giveUp = (): void => void mine.then((client) => client.end()).catch(() => undefined);
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        const client = await mine;
        const { rows } = await client.query<unknown[]>({ text: query, rowMode: 'array' });
        const value = Number(rows[0]?.[0]);
        if (rows.length === 0) throw new Error('the query answered no row');
        if (rows[0]?.[0] === null || Number.isNaN(value)) throw new Error(`the query answered ${JSON.stringify(rows[0]?.[0])}, which is no number`);
        return { value, active: value > activation };
      } catch (error) {
        if (connection === mine) connection = undefined;
        giveUp();
        throw new Error(`could not query postgreSQL: ${(error as Error).message}`, { cause: error });
      } finally {
        signal.removeEventListener('abort', giveUp);
      }
    },
    async close() {
      const mine = connection;
      connection = undefined;
      await mine?.then((client) => client.end()).catch(() => undefined);
    },
  };
};

/** 'postgresql://user:password@host/db?sslmode=disable' or "host=db user='my user'". Throws without showing it: it has a password. */
export function parseConnection(text: string): Parameters {
  if (/^postgres(ql)?:\/\//.test(text)) {
    const url = URL.parse(text);
    if (url === null) throw new Error('connection is not a URL of PostgreSQL: postgresql://USER:PASSWORD@HOST:PORT/DB?sslmode=MODE');
    const said = { host: url.hostname, port: url.port, user: url.username, password: url.password, dbname: url.pathname.slice(1) };
    const decoded = Object.entries(said).flatMap(([name, value]) => (value === '' ? [] : [[name, decodeURIComponent(value)] as const]));
    return { ...Object.fromEntries(decoded), ...Object.fromEntries(url.searchParams) };
  }
  const pairs = [...text.matchAll(/([a-z_]+)\s*=\s*(?:'((?:\\.|[^'\\])*)'|((?:\\.|[^\s\\])*))(?:\s+|$)/g)];
  if (pairs.map(([whole]) => whole).join('') !== text.trimStart()) throw new Error('connection must be a URL, or words such as host=db user=me dbname=jobs');
  return Object.fromEntries(pairs.map(([, name = '', quoted, plain]) => [name, (quoted ?? plain ?? '').replaceAll(/\\(.)/g, '$1')]));
}
