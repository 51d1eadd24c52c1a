/** A trigger's settings, read with errors that name the field. Values come from the trigger, its authentication or the target's environment. */
import { parseDuration } from '../../kube/cron/duration.ts';
import { isQuantity } from '../../kube/quantity.ts';

/** Where a setting may be given; the first that has it counts. */
export type Source = 'metadata' | 'auth' | 'env';

export interface SettingsInput {
  metadata: Readonly<Record<string, string>>;
  /** What the TriggerAuthentication says. */
  auth: Readonly<Record<string, string>>;
  /** Of the container in the scale target: metadata 'xFromEnv' names one of these. */
  env: Readonly<Record<string, string>>;
}

export interface Asked {
  /** Default: the trigger's metadata alone. */
  from?: readonly Source[];
}

const SAYS: Record<Source, string> = { metadata: 'triggerMetadata', auth: 'authParams', env: 'resolvedEnv' };
const DEFAULT_SOURCES: readonly Source[] = ['metadata'];
const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

export class Settings {
  readonly #input: SettingsInput;

  constructor(input: SettingsInput) {
    this.#input = input;
  }

  /** Undefined where it is not given; empty texts count as not given. */
  optional(name: string, { from = DEFAULT_SOURCES }: Asked = {}): string | undefined {
    for (const source of from) {
      const { metadata, auth, env } = this.#input;
      const value = source === 'env' ? env[metadata[`${name}FromEnv`] ?? ''] : (source === 'auth' ? auth : metadata)[name];
      if (value !== undefined && value !== '') return value;
    }
    return undefined;
  }

  /** Throws an Error that names what is missing and where it may be given. */
  text(name: string, asked: Asked = {}): string {
    const value = this.optional(name, asked);
    if (value === undefined) {
      const where = (asked.from ?? DEFAULT_SOURCES).map((source) => SAYS[source]).join(' ');
      throw new Error(`missing required parameter ${JSON.stringify(name)} in [${where}]`);
    }
    return value;
  }

  /** `fallback` undefined: it is required. */
  number(name: string, fallback?: number, asked: Asked = {}): number {
    if (fallback !== undefined && this.optional(name, asked) === undefined) return fallback;
    const value = this.text(name, asked);
    if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) throw wrong(name, value, 'it must be a number');
    return Number(value);
  }

  whole(name: string, fallback?: number, asked: Asked = {}): number {
    const value = this.number(name, fallback, asked);
    if (!Number.isSafeInteger(value)) throw wrong(name, String(value), 'it must be a whole number');
    return value;
  }

  boolean(name: string, fallback: boolean, asked: Asked = {}): boolean {
    const value = this.optional(name, asked);
    if (value === undefined) return fallback;
    if (!TRUE.has(value) && !FALSE.has(value)) throw wrong(name, value, 'it must be true or false');
    return TRUE.has(value);
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback?: T, asked: Asked = {}): T {
    const value = this.optional(name, asked) ?? fallback ?? this.text(name, asked);
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw wrong(name, value, `it must be one of ${choices.join(', ')}`);
    return found;
  }

  /** Milliseconds: a number of them, or '3s', '1m30s'. */
  duration(name: string): number | undefined {
    const value = this.optional(name);
    if (value === undefined) return undefined;
    const ms = /^\d+$/.test(value) ? Number(value) : parseDuration(value);
    if (ms <= 0) throw wrong(name, value, "it must be a duration above zero, such as '3s' or a number of milliseconds");
    return ms;
  }

  quantity(name: string): string {
    const value = this.text(name);
    if (!isQuantity(value)) throw wrong(name, value, "it must be a quantity, such as '500m'");
    return value;
  }

  /** 'a=1,b=2' */
  pairs(name: string): [name: string, value: string][] {
    return (this.optional(name) ?? '')
      .split(',')
      .map((pair) => pair.trim())
      .filter((pair) => pair !== '')
      .map((pair) => {
        const at = pair.indexOf('=');
        if (at < 1) throw wrong(name, pair, "it must be a list such as 'name=value,name=value'");
        return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
      });
  }

  list(name: string, asked: Asked = {}): string[] {
    return (this.optional(name, asked) ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }
}

/** The value is not repeated where it may be a secret: only metadata is public, and numbers and choices are not secrets. */
function wrong(name: string, value: string, why: string): Error {
  return new Error(`unable to set param ${JSON.stringify(name)} value ${JSON.stringify(value)}: ${why}`);
}
