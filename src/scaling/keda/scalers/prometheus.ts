/** A query to Prometheus whose answer is one number. */
import { timestamp } from '../../../runtime/clock.ts';
import { httpAuth } from '../http-auth.ts';
import { externalMetric, type ScalerFactory } from '../scaler.ts';

/** As upstream's global timeout. */
const TIMEOUT_MS = 3000;

interface Answer {
  data?: { resultType?: string; result?: { value?: readonly unknown[] }[] | readonly [time: number, value: string] };
}

export const prometheus: ScalerFactory = (config, { http, clock }) => {
  const { settings, namespace } = config;
  const server = settings.text('serverAddress').replace(/\/$/, '');
  const query = settings.text('query');
  const threshold = settings.number('threshold', config.asMetricSource ? 0 : undefined);
  const activationThreshold = settings.number('activationThreshold', 0);
  const ignoreNull = settings.boolean('ignoreNullValues', true);
  const auth = httpAuth(settings);
  const headers = { ...Object.fromEntries(settings.pairs('customHeaders')), ...auth.headers };
  const more = Object.entries({ ...auth.query, ...Object.fromEntries(settings.pairs('queryParameters')) });
  const ofNamespace = settings.optional('namespace');
  const timeoutMs = settings.duration('timeout') ?? TIMEOUT_MS;
  if (!URL.canParse(server))
    throw new Error(`unable to set param "serverAddress" value ${JSON.stringify(server)}: it must be a URL, such as http://prometheus-server`);

  /** Undefined: there is nothing to count. */
  function valueIn(body: string): number | undefined {
    const { result = [], resultType } = (JSON.parse(body) as Answer).data ?? {};
    if (resultType === 'scalar' || resultType === 'string') return finite(Number((result as readonly unknown[])[1]));
    const elements = result as { value?: readonly unknown[] }[];
    if (elements.length > 1) throw new Error(`prometheus query ${query} returned multiple elements`);
    const value = elements[0]?.value;
    if (elements.length === 0) return orNone("prometheus metrics 'prometheus' target may be lost, the result is empty");
    if (value === undefined || value.length === 0) return orNone("prometheus metrics 'prometheus' target may be lost, the value list is empty");
    if (value.length < 2) throw new Error(`prometheus query ${query} didn't return enough values`);
    return finite(value[1] === 'NaN' ? Number.NaN : Number(String(value[1]).replace('Inf', 'Infinity')));
  }

  function orNone(why: string): undefined {
    if (!ignoreNull) throw new Error(why);
    return undefined;
  }

  const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : orNone(`prometheus query returns ${value}`));

  return {
    metrics: [externalMetric(config, 'prometheus', threshold)],
    async read(_metric, signal) {
      const parameters = new URLSearchParams([['query', query], ['time', timestamp(clock.now())], ...more]);
      if (ofNamespace !== undefined) parameters.set('namespace', ofNamespace);
      const { status, body } = await http({ url: `${server}/api/v1/query?${parameters}`, headers, namespace, timeoutMs, tls: auth.tls, signal });
      if (status < 200 || status > 299) throw new Error(`prometheus query api returned error. status: ${status}${reasonIn(body)}`);
      const value = valueIn(body) ?? 0;
      return { value, active: value > activationThreshold };
    },
    close: () => Promise.resolve(),
  };
};

/** What is wrong with a query is in the answer, and spares a look into Prometheus. */
function reasonIn(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === 'string' ? `: ${error}` : '';
  } catch {
    return '';
  }
}
