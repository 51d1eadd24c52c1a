/** Times, durations and numbers as text. */
import type { Duration, Timestamp } from './values.ts';

const SECOND = 1_000_000_000n;

/** As Go's RFC3339Nano, in the zone the time was given in. */
export function showTimestamp({ nanos, offset }: Timestamp): string {
  const local = nanos + BigInt(offset) * 60n * SECOND;
  const seconds = local / SECOND - (local % SECOND < 0n ? 1n : 0n);
  const fraction = (local - seconds * SECOND).toString().padStart(9, '0').replace(/0+$/, '');
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
  return `${text}${fraction === '' ? '' : `.${fraction}`}${showOffset(offset)}`;
}

function showOffset(minutes: number): string {
  if (minutes === 0) return 'Z';
  const size = Math.abs(minutes);
  const part = (value: number): string => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${part(Math.floor(size / 60))}:${part(size % 60)}`;
}

/** In seconds: '5400s', '0.01s'. */
export function showDuration({ nanos }: Duration): string {
  return `${plain(Number(nanos / SECOND) + Number(nanos % SECOND) / 1e9)}s`;
}

export function showDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return Object.is(value, -0) ? '-0' : general(value);
}

/** Shortest digits that say the number, with an exponent where Go's %g has one. */
function general(value: number): string {
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return plain(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** Without an exponent. */
function plain(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  const [digits = '', exponent = '0'] = text.split('e');
  const power = Number(exponent);
  if (power > 0) return BigInt(value).toString();
  const bare = digits.replace('-', '').replace('.', '');
  return `${value < 0 ? '-' : ''}0.${'0'.repeat(-power - 1)}${bare}`;
}
