/**
 * Metrics of autoscalers as version 1 writes them into annotations: with fields of their own where the newer form has
 * `metric`, `target` and `current`. The order of the fields is that of upstream's types, for the text is part of the object.
 */
type Fields = Record<string, unknown>;

interface Amounts {
  type?: string;
  value?: string | number;
  averageValue?: string | number;
  averageUtilization?: number;
}

interface Source {
  describedObject?: Fields;
  metric?: { name?: string; selector?: unknown };
  name?: string;
  container?: string;
  target?: Amounts;
  current?: Amounts;
}

export interface Metric {
  type?: string;
  object?: Source;
  pods?: Source;
  resource?: Source;
  containerResource?: Source;
  external?: Source;
}

type Kind = 'object' | 'pods' | 'resource' | 'containerResource' | 'external';

const KINDS: readonly Kind[] = ['object', 'pods', 'resource', 'containerResource', 'external'];

/** Leaves out what is undefined, as Go's omitempty. */
function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** `of`: 'target' in a spec, 'current' in a status. */
type Side = 'target' | 'current';

export function metricToV1(metric: Metric, side: Side): Fields {
  const sources = KINDS.flatMap((kind) => (metric[kind] === undefined ? [] : [[kind, sourceToV1(kind, metric[kind], side)] as const]));
  return { type: metric.type ?? '', ...Object.fromEntries(sources) };
}

function sourceToV1(kind: Kind, { metric, describedObject, name, container, ...amounts }: Source, side: Side): Fields {
  const { value, averageValue, averageUtilization } = amounts[side] ?? {};
  const selector = metric?.selector;
  const metricName = metric?.name ?? '';
  const status = side === 'current';
  switch (kind) {
    case 'object':
      return present({ target: describedObject ?? {}, metricName, [`${side}Value`]: value ?? '0', selector, averageValue });
    case 'pods':
      return present({ metricName, [`${side}AverageValue`]: averageValue ?? '0', selector });
    case 'external':
      return present({ metricName, metricSelector: selector, [`${side}Value`]: status ? (value ?? '0') : value, [`${side}AverageValue`]: averageValue });
    case 'resource':
    case 'containerResource':
      return present({
        name: name ?? '',
        [`${side}AverageUtilization`]: averageUtilization,
        [`${side}AverageValue`]: status ? (averageValue ?? '0') : averageValue,
        container: kind === 'containerResource' ? (container ?? '') : undefined,
      });
  }
}

export function metricFromV1(metric: Fields, side: Side): Metric {
  const sources = KINDS.flatMap((kind) => (metric[kind] === undefined ? [] : [[kind, sourceFromV1(kind, metric[kind] as Fields, side)] as const]));
  return { type: String(metric['type'] ?? ''), ...Object.fromEntries(sources) };
}

function sourceFromV1(kind: Kind, old: Fields, side: Side): Source {
  const value = old[`${side}Value`] as Amounts['value'];
  const averageValue = (kind === 'object' ? old['averageValue'] : old[`${side}AverageValue`]) as Amounts['averageValue'];
  const averageUtilization = old[`${side}AverageUtilization`] as number | undefined;
  const metric = present({ name: old['metricName'] ?? '', selector: kind === 'external' ? old['metricSelector'] : old['selector'] });
  const amounts = (type: string, fields: Amounts): { [side in Side]?: Amounts } => ({
    [side]: present({ ...(side === 'target' ? { type } : {}), ...fields }),
  });
  switch (kind) {
    case 'object': {
      // Version 1 cannot leave the value out.
      const own = averageValue !== undefined && (value === '0' || value === 0) ? undefined : value;
      const fields = present({ value: own, averageValue });
      return { describedObject: (old['target'] ?? {}) as Fields, metric, ...amounts(averageValue === undefined ? 'Value' : 'AverageValue', fields) };
    }
    case 'pods':
      return { metric, ...amounts('AverageValue', present({ averageValue })) };
    case 'external':
      return { metric, ...amounts(value === undefined ? 'AverageValue' : 'Value', present({ value, averageValue })) };
    case 'resource':
    case 'containerResource':
      return {
        name: String(old['name'] ?? ''),
        ...(kind === 'containerResource' ? { container: String(old['container'] ?? '') } : {}),
        ...amounts(averageUtilization === undefined ? 'AverageValue' : 'Utilization', present({ averageValue, averageUtilization })),
      };
  }
}

interface Rules {
  stabilizationWindowSeconds?: number;
  selectPolicy?: string;
  policies?: { type?: string; value?: number; periodSeconds?: number }[];
  tolerance?: string | number;
}

export interface Behavior {
  scaleUp?: Rules;
  scaleDown?: Rules;
}

/** Upstream writes its own form of the object here, names and all. */
export function behaviorToV1({ scaleUp, scaleDown }: Behavior): Fields {
  const rules = (of: Rules | undefined): Fields | null =>
    of === undefined
      ? null
      : {
          StabilizationWindowSeconds: of.stabilizationWindowSeconds ?? null,
          SelectPolicy: of.selectPolicy ?? null,
          Policies: of.policies?.map(({ type, value, periodSeconds }) => ({ Type: type, Value: value, PeriodSeconds: periodSeconds })) ?? null,
          Tolerance: of.tolerance ?? null,
        };
  return { ScaleUp: rules(scaleUp), ScaleDown: rules(scaleDown) };
}

/** Go reads names in any case. */
export function behaviorFromV1(text: unknown): Behavior | undefined {
  const lowered = lowerKeys(text);
  return typeof lowered === 'object' && lowered !== null && Object.keys(lowered).length > 0 ? (lowered as Behavior) : undefined;
}

function lowerKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, part]) => part !== null);
  return Object.fromEntries(entries.map(([name, part]) => [name.charAt(0).toLowerCase() + name.slice(1), lowerKeys(part)]));
}
