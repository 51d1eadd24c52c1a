/** Messages of a NATS JetStream stream that a consumer has not had, or not acknowledged; from the server's monitoring endpoint. */
import { externalMetric, type ScalerFactory } from '../scaler.ts';
import type { Source } from '../settings.ts';

interface Consumer {
  name: string;
  num_pending: number;
  num_ack_pending: number;
  cluster?: { leader?: string };
}

interface JetStream {
  account_details?: { id?: string; name?: string; stream_detail?: { name: string; consumer_detail?: Consumer[] }[] }[];
  meta_cluster?: { cluster_size?: number };
}

interface Server {
  server_name?: string;
  connect_urls?: string[];
  cluster?: { urls?: string[] };
}

const EITHER: { from: readonly Source[] } = { from: ['auth', 'metadata'] };
const TIMEOUT_MS = 3000;

export const natsJetstream: ScalerFactory = (config, { http }) => {
  const { settings, namespace } = config;
  const account = settings.optional('account', EITHER) ?? settings.optional('accountID', EITHER);
  if (account === undefined) throw new Error('no account name or id given');
  const accountId = settings.optional('accountID', EITHER) ?? account;
  const stream = settings.text('stream');
  const name = settings.text('consumer');
  const target = settings.whole('lagThreshold', 10);
  const activation = settings.whole('activationLagThreshold', 0);
  const endpoint = settings.text('natsServerMonitoringEndpoint', EITHER);
  const scheme = settings.boolean('useHttps', false) ? 'https' : 'http';
  const [host = '', port] = endpoint.split(':');

  async function get<T>(at: string, path: string, signal: AbortSignal): Promise<T> {
    const url = `${scheme}://${at}${port === undefined ? '' : `:${port}`}${path}`;
    const { status, body } = await http({ url, namespace, timeoutMs: TIMEOUT_MS, signal });
    if (status !== 200) throw new Error(`${url}: NATS answered ${status}`);
    return JSON.parse(body) as T;
  }

  const jetStream = (at: string, signal: AbortSignal): Promise<JetStream> =>
    get(at, `/jsz?${new URLSearchParams({ acc: accountId, consumers: 'true', config: 'true' })}`, signal);

  /** Throws an Error that says what is missing. */
  function consumerIn({ account_details: accounts = [] }: JetStream): Consumer {
    const streams = accounts.filter((one) => one.id === accountId || one.name === account).flatMap((one) => one.stream_detail ?? []);
    const found = streams.find((one) => one.name === stream);
    if (found === undefined) throw new Error(`stream ${JSON.stringify(stream)} not found in account ${JSON.stringify(account)}`);
    const consumer = found.consumer_detail?.find((one) => one.name === name);
    if (consumer === undefined) throw new Error(`consumer ${JSON.stringify(name)} not found in stream ${JSON.stringify(stream)}`);
    return consumer;
  }

  /** In a cluster only the consumer's leader knows how far it is. */
  async function ofLeader(signal: AbortSignal): Promise<Consumer> {
    const first = await jetStream(host, signal);
    const leader = (first.meta_cluster?.cluster_size ?? 0) > 1 ? await leaderOf(first) : undefined;
    if (leader === undefined) return consumerIn(first);
    const { server_name: own, connect_urls: advertised = [], cluster } = await get<Server>(host, '/varz', signal);
    if (own === leader) return consumerIn(first);
    for (const url of advertised.length > 0 ? advertised : (cluster?.urls ?? [])) {
      const at = url.replace(/:\d+$/, '');
      const server = await get<Server>(at, '/varz', signal).catch((): Server => ({}));
      if (server.server_name === leader) return consumerIn(await jetStream(at, signal));
    }
    throw new Error(`leader node not found for consumer ${name}`);
  }

  function leaderOf(answer: JetStream): string | undefined {
    try {
      return consumerIn(answer).cluster?.leader;
    } catch {
      return undefined;
    }
  }

  return {
    metrics: [externalMetric(config, `nats-jetstream-${stream}`, target)],
    async read(_metric, signal) {
      const { num_pending: pending, num_ack_pending: unacknowledged } = await ofLeader(signal);
      const value = pending + unacknowledged;
      return { value, active: value > activation };
    },
    close: () => Promise.resolve(),
  };
};
