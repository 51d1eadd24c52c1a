/**
 * Cron expressions in the dialect of CronJobs (robfig/cron's standard one): five fields, names, ranges, steps, descriptors,
 * '@every 1h30m', and a 'TZ=' in front. Errors are upstream's texts.
 */
import { parseDuration } from './duration.ts';
import { Zone } from './zone.ts';

/** The values of one field; `star`: it said so with '*' or '?'. */
export interface Field {
  values: ReadonlySet<number>;
  star: boolean;
}

export type Schedule =
  | { kind: 'fields'; minute: Field; hour: Field; dayOfMonth: Field; month: Field; dayOfWeek: Field; zone: Zone }
  /** From the time before, in whole seconds. */
  | { kind: 'every'; delayMs: number };

interface Bounds {
  min: number;
  max: number;
  /** In order, from `min`. */
  names: readonly string[];
}

const MINUTE: Bounds = { min: 0, max: 59, names: [] };
const HOUR: Bounds = { min: 0, max: 23, names: [] };
const DAY_OF_MONTH: Bounds = { min: 1, max: 31, names: [] };
const MONTH: Bounds = { min: 1, max: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] };
const DAY_OF_WEEK: Bounds = { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] };

const DESCRIPTORS: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const EVERY = '@every ';

/** Throws an Error that says what is wrong. */
export function parseSchedule(text: string): Schedule {
  if (text === '') throw new Error('empty spec string');
  let zone = Zone.utc;
  let spec = text;
  if (text.startsWith('TZ=') || text.startsWith('CRON_TZ=')) {
    const space = text.indexOf(' ');
    // Upstream's parser cuts without looking, and its caller says so.
    if (space < 0) throw new Error('invalid schedule format: runtime error: slice bounds out of range [:-1]');
    const name = text.slice(text.indexOf('=') + 1, space);
    try {
      zone = Zone.load(name);
    } catch (error) {
      throw new Error(`provided bad location ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    spec = text.slice(space).trim();
  }
  if (spec.startsWith(EVERY)) return { kind: 'every', delayMs: everyMs(spec) };
  if (spec.startsWith('@')) {
    const fields = DESCRIPTORS[spec];
    if (fields === undefined) throw new Error(`unrecognized descriptor: ${spec}`);
    spec = fields;
  }
  return parseFields(spec, zone);
}

function everyMs(spec: string): number {
  let ms: number;
  try {
    ms = parseDuration(spec.slice(EVERY.length));
  } catch (error) {
    throw new Error(`failed to parse duration ${spec}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return Math.max(1000, Math.floor(ms / 1000) * 1000);
}

function parseFields(spec: string, zone: Zone): Schedule {
  const fields = spec.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== 5) throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = fields;
  return {
    kind: 'fields',
    minute: parseField(minute, MINUTE),
    hour: parseField(hour, HOUR),
    dayOfMonth: parseField(dayOfMonth, DAY_OF_MONTH),
    month: parseField(month, MONTH),
    dayOfWeek: parseField(dayOfWeek, DAY_OF_WEEK),
    zone,
  };
}

function parseField(field: string, bounds: Bounds): Field {
  const ranges = field
    .split(',')
    .filter((range) => range !== '')
    .map((range) => parseRange(range, bounds));
  return { values: new Set(ranges.flatMap(({ values }) => [...values])), star: ranges.some(({ star }) => star) };
}

/** 'a', 'a-b', '*', each with or without '/step'; 'a/step' runs to the end. */
function parseRange(text: string, bounds: Bounds): Field {
  const [range = '', stepText, ...moreSteps] = text.split('/');
  const [low = '', high, ...moreBounds] = range.split('-');
  const star = low === '*' || low === '?';
  let start = bounds.min;
  let end = bounds.max;
  if (!star) {
    start = valueOf(low, bounds);
    if (moreBounds.length > 0) throw new Error(`too many hyphens: ${text}`);
    end = high === undefined ? start : valueOf(high, bounds);
  }
  if (moreSteps.length > 0) throw new Error(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : integer(stepText);
  if (stepText !== undefined && high === undefined) end = bounds.max;
  if (start < bounds.min) throw new Error(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`);
  if (end > bounds.max) throw new Error(`end of range (${end}) above maximum (${bounds.max}): ${text}`);
  if (start > end) throw new Error(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new Error(`step of range should be a positive number: ${text}`);
  const values = new Set<number>();
  for (let value = start; value <= end; value += step) values.add(value);
  return { values, star: star && step === 1 };
}

function valueOf(text: string, { min, names }: Bounds): number {
  const named = names.indexOf(text.toLowerCase());
  return named < 0 ? integer(text) : named + min;
}

function integer(text: string): number {
  const failed = (why: string): Error => new Error(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: ${why}`);
  if (!/^[+-]?\d+$/.test(text)) throw failed('invalid syntax');
  const value = Number(text);
  if (BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) throw failed('value out of range');
  if (value < 0) throw new Error(`negative number (${value}) not allowed: ${text}`);
  return value;
}
