/**
 * Kubernetes quantities: exact decimal arithmetic on '250m', '1G' (10^9), '1Gi' (2^30), '1e3'.
 * Source of the rules: apimachinery's resource.Quantity, as documented in the API reference.
 */
export type QuantityValue = string | number | undefined;

export class QuantityError extends Error {
  constructor(text: string) {
    super(`quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`);
    this.name = 'QuantityError';
    this.cause = text;
  }
}

type Format = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** Exact value in nano-units: upstream keeps no finer precision. */
interface Parsed {
  nanos: bigint;
  format: Format;
}

const NANOS = 1_000_000_000n;
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const DECIMAL_SUFFIX = new Map(Object.entries(DECIMAL).map(([suffix, exponent]) => [exponent, suffix]));
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d{1,3}))$/;

/** The same few are parsed again and again: '100m', '64Mi'. */
const parsed = new Map<string, Parsed>();
const PARSED_MAX = 1_000;

function parse(value: string | number): Parsed {
  const text = String(value);
  let known = parsed.get(text);
  if (known === undefined) {
    known = parseText(text);
    if (parsed.size >= PARSED_MAX) parsed.clear();
    parsed.set(text, known);
  }
  return known;
}

function parseText(text: string): Parsed {
  const match = PATTERN.exec(text);
  if (!match) throw new QuantityError(text);
  const [, sign, whole = '', fraction = '', binary, decimal, exponent] = match;
  if (whole === '' && fraction === '') throw new QuantityError(text);
  const digits = BigInt(whole + fraction);
  let numerator = digits * NANOS;
  let denominator = 10n ** BigInt(fraction.length);
  let format: Format = 'DecimalSI';
  if (binary !== undefined) {
    numerator *= 1024n ** BigInt(BINARY.indexOf(binary));
    format = 'BinarySI';
  } else {
    const power = exponent === undefined ? (DECIMAL[decimal ?? ''] ?? 0) : Number(exponent);
    if (exponent !== undefined) format = 'DecimalExponent';
    if (power >= 0) numerator *= 10n ** BigInt(power);
    else denominator *= 10n ** BigInt(-power);
  }
  const nanos = roundUp(numerator, denominator);
  return { nanos: sign === '-' ? -nanos : nanos, format };
}

/** Away from zero for what is left over, as upstream rounds. */
function roundUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

function ceilDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by > 0n ? quotient + 1n : quotient;
}

/** Milli-units, rounded up: the unit of CPU. Absent counts as 0. Throws QuantityError. */
export function cpuMillis(value: QuantityValue): number {
  return value === undefined ? 0 : Number(ceilDivide(parse(value).nanos, 1_000_000n));
}

/** Whole units, rounded up: bytes, or counts such as pods. Absent counts as 0. Throws QuantityError. */
export function byteCount(value: QuantityValue): number {
  return value === undefined ? 0 : Number(ceilDivide(parse(value).nanos, NANOS));
}

export function isQuantity(value: unknown): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  try {
    parse(value);
    return true;
  } catch {
    return false;
  }
}

/** The one text upstream writes for a value: '0.5' → '500m', '1024Mi' → '1Gi', '3.8G' → '3800M'. Throws QuantityError. */
export function canonicalQuantity(value: string | number): string {
  return format(parse(value));
}

function format({ nanos, format: form }: Parsed): string {
  if (nanos === 0n) return '0';
  const negative = nanos < 0n;
  const magnitude = negative ? -nanos : nanos;
  // A binary quantity that is not a whole number, or is below 1024, is written in decimal, as upstream.
  const text = form === 'BinarySI' && magnitude % NANOS === 0n && magnitude / NANOS >= 1024n ? binaryText(magnitude / NANOS) : decimalText(magnitude, form);
  return negative ? `-${text}` : text;
}

function binaryText(units: bigint): string {
  let value = units;
  let step = 0;
  while (value % 1024n === 0n && step < BINARY.length - 1) {
    value /= 1024n;
    step++;
  }
  return `${value}${BINARY[step]}`;
}

function decimalText(nanos: bigint, form: Format): string {
  let value = nanos;
  let exponent = -9;
  while (value % 1000n === 0n && exponent < 18) {
    value /= 1000n;
    exponent += 3;
  }
  if (form === 'DecimalExponent') return exponent === 0 ? `${value}` : `${value}e${exponent}`;
  return `${value}${DECIMAL_SUFFIX.get(exponent) ?? ''}`;
}

/** '250m', '2'; as BinarySI '2Ki', where the value is whole and has a unit. */
export function formatMillis(millis: number, form: 'DecimalSI' | 'BinarySI' = 'DecimalSI'): string {
  return format({ nanos: BigInt(Math.round(millis)) * 1_000_000n, format: form });
}

/** As near as a number comes. Throws QuantityError. */
export function approximate(value: string | number): number {
  return Number(parse(value).nanos) / Number(NANOS);
}

/** Canonical BinarySI: 3993600000 → '3900000Ki'. */
export function formatBytes(bytes: number): string {
  return format({ nanos: BigInt(Math.round(bytes)) * NANOS, format: 'BinarySI' });
}

/** In the format of `a`, or of `b` when `a` is zero, as upstream. */
export function addQuantities(a: string | number, b: string | number): string {
  const left = parse(a);
  const right = parse(b);
  return format({ nanos: left.nanos + right.nanos, format: left.nanos === 0n ? right.format : left.format });
}

/** The difference, in the format of `a`; '0' where it would be less. */
export function subtractQuantities(a: string | number, b: string | number): string {
  const left = parse(a);
  const nanos = left.nanos - parse(b).nanos;
  return format({ nanos: nanos > 0n ? nanos : 0n, format: left.format });
}

/** In the format of `a`. */
export function multiplyQuantity(a: string | number, times: number): string {
  const { nanos, format: form } = parse(a);
  return format({ nanos: nanos * BigInt(times), format: form });
}

/** How often `part`, which is more than nothing, fits into `whole`; 0 where that is less than nothing. */
export function timesThatFit(whole: string | number, part: string | number): number {
  const quotient = parse(whole).nanos / parse(part).nanos;
  return quotient > 0n ? Number(quotient) : 0;
}

/** Negative, zero or positive, as in a sort. */
export function compareQuantities(a: string | number, b: string | number): number {
  const left = parse(a).nanos;
  const right = parse(b).nanos;
  return left < right ? -1 : left > right ? 1 : 0;
}
