/** Scalers of others, behind KEDA's gRPC contract; those that push tell of work by themselves. */
import { externalMetric, type Scaler, type ScalerFactory, type ScalerWorld, type TriggerConfig } from '../scaler.ts';
import type { Source } from '../settings.ts';
import { decodeIsActive, decodeMetricSpecs, decodeMetricValues, encodeMetricsRequest, encodeRef } from './external-messages.ts';
import { GrpcClient, GrpcError, UNIMPLEMENTED } from './grpc.ts';

const AUTH: { from: readonly Source[] } = { from: ['auth'] };
const SERVICE = '/externalscaler.ExternalScaler';
const SPEC_MS = 5000;
const RETRY = { baseMs: 2000, maxMs: 60_000 };

export const external: ScalerFactory = (config, world) => make(config, world);

export const externalPush: ScalerFactory = async (config, world) => {
  const { client, ref, ...scaler } = await make(config, world);
  return {
    ...scaler,
    /** Comes back after a break, later each time. */
    async watch(onActive, signal) {
      for (let waitMs = RETRY.baseMs; !signal.aborted; waitMs = Math.min(waitMs * 2, RETRY.maxMs)) {
        try {
          for await (const answer of client.stream(`${SERVICE}/StreamIsActive`, ref, signal)) {
            waitMs = RETRY.baseMs;
            if (decodeIsActive(answer)) onActive();
          }
        } catch (error) {
          if (error instanceof GrpcError && error.code === UNIMPLEMENTED) return;
          if (!signal.aborted) world.log.debug('an external scaler broke off', { scaler: config.owner, error: String(error) });
        }
        await world.clock.sleep(waitMs, signal);
      }
    },
  };
};

async function make(config: TriggerConfig, { resolve }: ScalerWorld): Promise<Scaler & { client: GrpcClient; ref: Uint8Array }> {
  const { settings, namespace, owner, metadata, index } = config;
  const address = settings.text('scalerAddress');
  const certificates = { ca: settings.optional('caCert', AUTH), cert: settings.optional('tlsClientCert', AUTH), key: settings.optional('tlsClientKey', AUTH) };
  const given = Object.fromEntries(Object.entries(certificates).filter(([, value]) => value !== undefined));
  const isTls = settings.boolean('enableTLS', false) || Object.keys(given).length > 0;
  const tls = { ...given, rejectUnauthorized: !settings.boolean('unsafeSsl', false) };
  const client = new GrpcClient({ address, resolve: (host) => resolve(host, namespace), ...(isTls ? { tls } : {}) });
  const scaledObject = { name: owner, namespace, metadata: resolved() };
  const ref = encodeRef(scaledObject);

  /** What names a variable of the target carries its value. */
  function resolved(): Record<string, string> {
    const named = Object.entries(metadata).flatMap(([key, value]) => {
      if (!key.endsWith('FromEnv')) return [[key, value] as const];
      const found = settings.optional(key.slice(0, -'FromEnv'.length), { from: ['env'] });
      return found === undefined ? [] : [[key, found] as const];
    });
    return Object.fromEntries(named);
  }

  try {
    const specs = decodeMetricSpecs(await client.call(`${SERVICE}/GetMetricSpec`, ref, AbortSignal.timeout(SPEC_MS)));
    if (specs.length === 0) throw new Error(`the external scaler at ${address} names no metric`);
    return {
      client,
      ref,
      metrics: specs.map(({ metricName, target }) => withName(externalMetric(config, '', target), `s${index}-${metricName}`)),
      async read(metric, signal) {
        const name = metric.slice(`s${index}-`.length);
        const [values, active] = await Promise.all([
          client.call(`${SERVICE}/GetMetrics`, encodeMetricsRequest(scaledObject, name), signal).then(decodeMetricValues),
          client.call(`${SERVICE}/IsActive`, ref, signal).then(decodeIsActive),
        ]);
        if (values.length === 0) throw new Error(`the external scaler at ${address} answered no value of ${name}`);
        return { value: values.reduce((sum, { value }) => sum + value, 0), active };
      },
      close: () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Names of external scalers are kept as they are. */
function withName(metric: ReturnType<typeof externalMetric>, name: string): ReturnType<typeof externalMetric> {
  return { ...metric, external: { target: metric.external!.target, metric: { name } } };
}
