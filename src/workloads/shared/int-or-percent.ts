/**
 * An int or a percentage ('25%') of `total`, rounded up or down. Anything else counts as 0
 * (validation has refused it before it gets here).
 */
export function scaledValue(value: number | string | undefined, total: number, round: 'up' | 'down'): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value);
  if (percent === null) return Number.parseInt(value, 10) || 0;
  const scaled = (Number(percent[1]) * total) / 100;
  return round === 'up' ? Math.ceil(scaled) : Math.floor(scaled);
}
