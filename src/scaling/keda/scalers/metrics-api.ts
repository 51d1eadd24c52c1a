/** A number in what some HTTP API answers. */
import { endpointSlices } from '../../../kube/resources.ts';
import { httpAuth } from '../http-auth.ts';
import { externalMetric, type ScalerFactory } from '../scaler.ts';
import { numberIn, type AnswerFormat } from './number-in.ts';

const TIMEOUT_MS = 3000;
const FORMATS: readonly AnswerFormat[] = ['json', 'yaml', 'prometheus'];

export const metricsApi: ScalerFactory = (config, { http, client }) => {
  const { settings, namespace } = config;
  const target = settings.number('targetValue', config.asMetricSource ? 0 : undefined);
  if (target === 0 && !config.asMetricSource) throw new Error('no targetValue given in metadata');
  const activationTarget = settings.number('activationTargetValue', 0);
  const url = settings.text('url');
  if (!URL.canParse(url)) throw new Error(`unable to set param "url" value ${JSON.stringify(url)}: it must be a URL`);
  const format = settings.choice('format', FORMATS, 'json');
  const place = settings.text('valueLocation');
  const ofEndpoints = settings.boolean('aggregateFromKubeServiceEndpoints', false);
  const aggregation = settings.choice('aggregationType', ['average', 'sum', 'max', 'min'], 'average');
  const timeoutMs = settings.duration('timeout') ?? TIMEOUT_MS;
  const auth = httpAuth(settings);

  async function ask(address: string, signal: AbortSignal): Promise<number> {
    const full = new URL(address);
    for (const [name, value] of Object.entries(auth.query)) full.searchParams.set(name, value);
    const { status, body } = await http({ url: full.href, headers: auth.headers, namespace, timeoutMs, tls: auth.tls, signal });
    if (status !== 200) throw new Error(`${full.pathname}: api returned ${status}`);
    return numberIn(body, place, format);
  }

  /** 'http://name.namespace.svc:port/path' once for each ready endpoint. */
  async function endpoints(): Promise<string[]> {
    const { protocol, hostname, port, pathname, search } = new URL(url);
    const [name = '', space] = hostname.split('.');
    if (space === undefined)
      throw new Error(`invalid hostname ${hostname} : expected at least 2 elements, first being service name and second being the namespace`);
    const { items } = await client.list(endpointSlices, { namespace: space, labelSelector: `kubernetes.io/service-name=${name}` });
    const wanted = Number(port || (protocol === 'https:' ? 443 : 80));
    const addresses = items.flatMap(({ endpoints = [], ports = [] }) => {
      const at = ports.some((one) => one.port === wanted) ? `:${wanted}` : '';
      return endpoints
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap((one) => one.addresses.map((address) => `${protocol}//${address}${at}${pathname}${search}`));
    });
    if (addresses.length === 0) throw new Error('no endpoints URLs were given for the service name');
    return [...new Set(addresses)];
  }

  /** Endpoints that do not answer are left out, as long as one does. */
  async function ofAll(signal: AbortSignal): Promise<number> {
    const addresses = await endpoints();
    const settled = await Promise.allSettled(addresses.map((address) => ask(address, signal)));
    const values = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (values.length === 0) throw new Error(`could not get any metric successfully from the ${addresses.length} provided endpoints`);
    if (aggregation === 'max') return Math.max(...values);
    if (aggregation === 'min') return Math.min(...values);
    const sum = values.reduce((total, value) => total + value, 0);
    return aggregation === 'sum' ? sum : sum / values.length;
  }

  return {
    metrics: [externalMetric(config, `metric-api-${place}`, target)],
    async read(_metric, signal) {
      const value = await (ofEndpoints ? ofAll(signal) : ask(url, signal)).catch((error: unknown) => {
        throw new Error(`error requesting metrics endpoint: ${(error as Error).message}`, { cause: error });
      });
      return { value, active: value > activationTarget };
    },
    close: () => Promise.resolve(),
  };
};
