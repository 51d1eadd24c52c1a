import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileFormula } from './compile.ts';

const values = new Map<string, number | null>([
  ['one', 4],
  ['two', 10],
  ['lost', null],
]);
const names = new Set(values.keys());
const run = (formula: string): number | null => compileFormula(formula, names)(values);

const right: [formula: string, want: number | null][] = [
  ['(one + two) / 2', 7],
  ['one > 2 ? one + two : 1', 14],
  ['one > 5 ? one : two < 3 ? 1 : 2', 2],
  ['count([one, two], {# > 5}) > 1 ? 5 : 0', 0],
  ['count([one, two], # > 1)', 2],
  ['sum([one, two, 1])', 15],
  ['max(one, two)', 10],
  ['min([one, two])', 4],
  ['mean([one, two])', 7],
  ['median(1, 9, 2, 4)', 3],
  ['lost ?? two ?? 8', 10],
  ['lost', null],
  ['lost ?? lost ?? 8', 8],
  ['-one ** 2', -16],
  ['2 ** 3 ** 2', 512],
  ['1 - 2 - 3', -4],
  ['7 / 2', 3.5],
  ['ceil(7 / 2) + floor(7 / 2) + round(2.5) + abs(-1)', 11],
  ['one == 4 && !(two == 4) ? 1 : 0', 1],
  ['one == 5 or two == 10 ? 1 : 0', 1],
  ['not (one == 4) ? 1 : 2', 2],
  ['float(one) + 1e3 + 1_000', 2004],
  ['sum(filter([one, two], # > 5)) + sum(map([1, 2], # * 2))', 16],
  ['any([one, two], # > 9) and none([one], # > 9) and one([one, two], # > 9) and all([one], # == 4) ? 1 : 0', 1],
  ['lost == nil ? 1 : 0', 1],
];
for (const [formula, want] of right) test(`${formula} is ${want}`, () => assert.equal(run(formula), want));

const wrong: [formula: string, why: RegExp][] = [
  ['', /unexpected "end of formula" \(1:1\)/],
  ['one +', /unexpected "end of formula"/],
  ['three', /unknown name three/],
  ['constructor', /unknown name constructor/],
  ['process.exit(1)', /unrecognized character: "\."/],
  ['exec(1)', /unknown function exec/],
  ['one two', /unexpected "two" \(1:5\)/],
  ['one > 2', /formula returned non-float result bool \(true\)/],
  ['lost + 1', /\+ takes numbers, not nil/],
  ['one ? 1 : 2', /a condition takes true or false, not float64/],
  ['#', /unexpected "#"/],
  ['max()', /max of nothing/],
  [`${'('.repeat(100)}1`, /nested deeper/],
  ['1'.repeat(5000), /longer than/],
];
for (const [formula, why] of wrong) test(`${formula.slice(0, 40)} is refused`, () => assert.throws(() => run(formula), why));

test('arithmetic is that of numbers', () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true }).filter((value) => !/e/.test(String(value)));
  fc.assert(
    fc.property(number, number, number, (a, b, c) => {
      const text = (value: number): string => (value < 0 ? `(${value})` : String(value));
      assert.ok(compileFormula(`${text(a)} + ${text(b)} * ${text(c)}`, names)(values) === a + b * c);
    }),
  );
});
