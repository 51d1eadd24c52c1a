/** Names of custom metrics and the queries behind them, by the rules that prometheus-adapter starts with. */
import type { Requirement } from '../../kube/selectors.ts';

/** What a metric is asked of. */
export interface Described {
  /** The label that names the object: its kind in lower case ('pod'). */
  label: string;
  /** Absent for objects that are in none. */
  namespace?: string;
  names: readonly string[];
}

/** prometheus-adapter's chart takes 5m; with scrapes every 10 s a minute is enough, and what grows is seen sooner. */
export const RATE_WINDOW = '1m';
const SERIES_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** What containers use is metrics.k8s.io's: its series count a pod and its containers, so that their sum says nothing. */
const OF_CONTAINERS = /^container_/;
const COUNTERS = ['_total', '_seconds_total'] as const;

/** What a series is asked for by: counters without their ending, all else as it is. Undefined for those not offered. */
export function metricName(series: string): string | undefined {
  if (OF_CONTAINERS.test(series)) return undefined;
  const ending = COUNTERS.toReversed().find((each) => series.endsWith(each));
  return ending === undefined ? series : series.slice(0, -ending.length);
}

/** All series that a metric may come from; none for names that cannot be. */
export function seriesOf(metric: string): string[] {
  if (!SERIES_NAME.test(metric) || OF_CONTAINERS.test(metric)) return [];
  return [...(metric.endsWith('_total') ? [] : [metric]), ...COUNTERS.map((ending) => metric + ending)];
}

/** One element for each object, named by its label: what is measured as it is, else the rate of the counter of that name. */
export function valueQuery(metric: string, described: Described, requirements: readonly Requirement[]): string {
  const matchers = [...objectMatchers(described), ...requirements.map(labelMatcher)].join(',');
  return seriesOf(metric)
    .map((series) => {
      const selected = `${series}{${matchers}}`;
      return `sum by (${described.label}) (${series === metric ? selected : `rate(${selected}[${RATE_WINDOW}])`})`;
    })
    .join(' or ');
}

function objectMatchers({ label, namespace, names }: Described): string[] {
  const named = `${label}=~${quoted(alternatives(names))}`;
  return namespace === undefined ? [named] : [`namespace=${quoted(namespace)}`, named];
}

function labelMatcher({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'in':
      return `${key}=~${quoted(alternatives([...values]))}`;
    case 'notin':
      return `${key}!~${quoted(alternatives([...values]))}`;
    case 'exists':
      return `${key}!=""`;
    case '!':
      return `${key}=""`;
    case 'gt':
    case 'lt':
      throw new Error(`metricLabelSelector: labels of series cannot be compared by ${operator === 'gt' ? '>' : '<'}`);
  }
}

const alternatives = (texts: readonly string[]): string => texts.map((text) => text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`)).join('|');
const quoted = (text: string): string => JSON.stringify(text);
