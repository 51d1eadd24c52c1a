/**
 * Measures of a process, in Prometheus' text form (exposition format 0.0.4). Names, units and buckets are upstream's where upstream has
 * the same measure. Our own rather than a client library: labels are joined once a series, not sorted and hashed once an observation.
 */

/** Holds off callers that invent label values: series beyond these count, but are not shown. */
const SERIES_MAX = 5000;

/** One line of a family whose values are asked for when somebody reads: values of the labels, then the number. */
export type Sample = readonly [labels: readonly string[], value: number];

export interface Counter {
  inc(by?: number): void;
}

export interface Gauge {
  set(value: number): void;
}

export interface Histogram {
  observe(value: number): void;
}

/** The series of a family, one for each list of label values; the same list gives the same series. */
export type Family<T> = (...labels: readonly string[]) => T;

interface Shown {
  head: string;
  lines(): Iterable<string>;
}

export class MetricsRegistry {
  readonly #shown = new Map<string, Shown & { family: unknown }>();

  counter(name: string, help: string, labels: readonly string[] = []): Family<Counter> {
    return this.#numbers('counter', name, help, labels);
  }

  gauge(name: string, help: string, labels: readonly string[] = []): Family<Gauge> {
    return this.#numbers('gauge', name, help, labels);
  }

  /** `bounds`: upper bounds of the buckets, rising, without infinity. */
  histogram(name: string, help: string, bounds: readonly number[], labels: readonly string[] = []): Family<Histogram> {
    return this.#family(name, 'histogram', help, labels, () => new HistogramSeries(bounds));
  }

  /** Values that are somewhere already: `collect` is called when somebody reads. A family of that name is replaced. */
  collect(type: 'counter' | 'gauge', name: string, help: string, labels: readonly string[], collect: () => Iterable<Sample>): void {
    const lines = function* (): Generator<string> {
      for (const [values, value] of collect()) yield line(name, labelText(labels, values), value);
    };
    this.#shown.set(name, { head: headOf(name, type, help), lines, family: undefined });
  }

  /** Families in the order of their making. */
  text(): string {
    const lines: string[] = [];
    for (const shown of this.#shown.values()) lines.push(shown.head, ...shown.lines());
    return `${lines.join('\n')}\n`;
  }

  #numbers(type: 'counter' | 'gauge', name: string, help: string, labels: readonly string[]): Family<NumberSeries> {
    return this.#family(name, type, help, labels, () => new NumberSeries());
  }

  /** Of one name there is one family: controllers of a kind share theirs. */
  #family<T extends Series>(name: string, type: string, help: string, labels: readonly string[], make: () => T): Family<T> {
    const known = this.#shown.get(name)?.family;
    // Families of a name are of one type: the name says which.
    if (known !== undefined) return known as Family<T>;
    const series = new Map<string, { text: string; of: T }>();
    const beyond = make();
    const family: Family<T> = (...values) => {
      const key = values.join('\0');
      let found = series.get(key);
      if (found === undefined) {
        if (series.size >= SERIES_MAX) return beyond;
        found = { text: labelText(labels, values), of: make() };
        series.set(key, found);
      }
      return found.of;
    };
    if (labels.length === 0) family();
    const lines = function* (): Generator<string> {
      for (const { text, of } of series.values()) yield* of.lines(name, text);
    };
    this.#shown.set(name, { head: headOf(name, type, help), lines, family });
    return family;
  }
}

interface Series {
  lines(name: string, labels: string): Iterable<string>;
}

class NumberSeries implements Series, Counter, Gauge {
  #value = 0;

  inc(by = 1): void {
    this.#value += by;
  }

  set(value: number): void {
    this.#value = value;
  }

  *lines(name: string, labels: string): Generator<string> {
    yield line(name, labels, this.#value);
  }
}

class HistogramSeries implements Series, Histogram {
  readonly #bounds: readonly number[];
  /** Not cumulative; the last is beyond all bounds. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    this.#counts[bucket < 0 ? this.#bounds.length : bucket]!++;
    this.#sum += value;
  }

  *lines(name: string, labels: string): Generator<string> {
    let total = 0;
    for (const [i, count] of this.#counts.entries()) {
      total += count;
      const bound = `le="${this.#bounds[i] ?? '+Inf'}"`;
      yield line(`${name}_bucket`, labels === '' ? bound : `${labels},${bound}`, total);
    }
    yield line(`${name}_sum`, labels, this.#sum);
    yield line(`${name}_count`, labels, total);
  }
}

function headOf(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}`;
}

function line(name: string, labels: string, value: number): string {
  return `${labels === '' ? name : `${name}{${labels}}`} ${value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : value}`;
}

function labelText(labels: readonly string[], values: readonly string[]): string {
  return labels.map((label, i) => `${label}="${escape(values[i] ?? '')}"`).join(',');
}

function escape(value: string): string {
  return /["\\\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;
}
