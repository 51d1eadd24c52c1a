/** The functions a formula may call: those of expr-lang that make numbers of numbers. */
import { listOf, numberOf, truthOf, type Value } from './value.ts';

/** Of all numbers given, alone or in lists. */
function numbers(name: string, args: readonly Value[]): number[] {
  return args.flatMap((arg) => (Array.isArray(arg) ? numbers(name, arg as readonly Value[]) : [numberOf(arg as Value, name)]));
}

function some(name: string, args: readonly Value[]): number[] {
  const all = numbers(name, args);
  if (all.length === 0) throw new Error(`${name} of nothing`);
  return all;
}

const one =
  (name: string, compute: (value: number) => number) =>
  (args: readonly Value[]): Value => {
    if (args.length !== 1) throw new Error(`${name} takes one number, not ${args.length}`);
    return compute(numberOf(args[0] ?? null, name));
  };

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Halves away from zero, as Go rounds. */
const round = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));

export const FUNCTIONS: ReadonlyMap<string, (args: readonly Value[]) => Value> = new Map([
  ['abs', one('abs', Math.abs)],
  ['ceil', one('ceil', Math.ceil)],
  ['floor', one('floor', Math.floor)],
  ['round', one('round', round)],
  ['int', one('int', Math.trunc)],
  ['float', one('float', (value) => value)],
  ['max', (args) => Math.max(...some('max', args))],
  ['min', (args) => Math.min(...some('min', args))],
  ['sum', (args) => total(numbers('sum', args))],
  ['mean', (args) => total(some('mean', args)) / numbers('mean', args).length],
  ['median', (args) => median(some('median', args))],
  ['len', (args) => listOf(args[0] ?? null, 'len').length],
]);

/** Of a list and what is asked of each of its elements, which is `#` there. */
export const OVER_LISTS: ReadonlyMap<string, (list: readonly Value[], asked: (element: Value) => Value) => Value> = new Map<
  string,
  (list: readonly Value[], asked: (element: Value) => Value) => Value
>([
  ['count', (list, asked) => list.filter((element) => truthOf(asked(element), 'count')).length],
  ['all', (list, asked) => list.every((element) => truthOf(asked(element), 'all'))],
  ['any', (list, asked) => list.some((element) => truthOf(asked(element), 'any'))],
  ['none', (list, asked) => !list.some((element) => truthOf(asked(element), 'none'))],
  ['one', (list, asked) => list.filter((element) => truthOf(asked(element), 'one')).length === 1],
  ['filter', (list, asked) => list.filter((element) => truthOf(asked(element), 'filter'))],
  ['map', (list, asked) => list.map(asked)],
]);
