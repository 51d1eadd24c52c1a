/** One measured thing and all its values. */
export interface Figure {
  name: string;
  unit: 's' | 'ms' | 'MB' | '/s';
  values: number[];
}

/** 'name: median unit (min to max, n runs)'. */
export function spread({ name, unit, values }: Figure): string {
  const sorted = [...values].sort((a, b) => a - b);
  const text = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0));
  return `${name.padEnd(84)} ${text(sorted[sorted.length >> 1]).padStart(7)} ${unit}   (${text(sorted[0])} to ${text(sorted.at(-1))}, ${values.length} runs)`;
}
