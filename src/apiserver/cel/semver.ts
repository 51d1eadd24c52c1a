/** Semantic versions as CEL values, read and refused as upstream's library (blang/semver) does. */
import { CelError, Foreign } from './values.ts';

const NUMBER = /^\d*$/;
const LEADING_ZERO = /^0\d/;
const IDENTIFIER = /^[0-9A-Za-z-]*$/;
const UINT64_MAX = 2n ** 64n - 1n;

export class Semver extends Foreign {
  readonly typeName = 'kubernetes.Semver';
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly pre: readonly string[];

  constructor(numbers: readonly [bigint, bigint, bigint], pre: readonly string[]) {
    super();
    this.numbers = numbers;
    this.pre = pre;
  }

  equals(other: Foreign): boolean {
    return other instanceof Semver && compareVersions(this, other) === 0n;
  }
}

/** Throws CelError. `normalize`: without a 'v', with three parts and without leading zeros. */
export function parseVersion(text: string, normalize = false): Semver {
  const given = normalize ? normalized(text) : text;
  if (given === '') throw new CelError('Version string empty');
  const [majorText = '', minorText, ...others] = given.split('.');
  if (minorText === undefined || others.length === 0) throw new CelError('No Major.Minor.Patch elements found');
  const major = numberOf(majorText, 'major');
  const minor = numberOf(minorText, 'minor');
  const [, patchText = '', pre, build] = /^([^-+]*)(?:-([^+]*))?(?:\+(.*))?$/s.exec(others.join('.'))!;
  const patch = numberOf(patchText, 'patch');
  const parts = pre?.split('.') ?? [];
  for (const part of parts) checkPreRelease(part);
  for (const part of build?.split('.') ?? []) {
    if (part === '') throw new CelError('Build meta data is empty');
    if (!IDENTIFIER.test(part)) throw new CelError(`Invalid character(s) found in build meta data ${JSON.stringify(part)}`);
  }
  return new Semver([major, minor, patch], parts);
}

function numberOf(text: string, which: string): bigint {
  if (!NUMBER.test(text)) throw new CelError(`Invalid character(s) found in ${which} number ${JSON.stringify(text)}`);
  if (LEADING_ZERO.test(text)) throw new CelError(`${which[0]!.toUpperCase()}${which.slice(1)} number must not contain leading zeroes ${JSON.stringify(text)}`);
  if (text === '') throw new CelError('strconv.ParseUint: parsing "": invalid syntax');
  if (BigInt(text) > UINT64_MAX) throw new CelError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`);
  return BigInt(text);
}

function checkPreRelease(part: string): void {
  if (part === '') throw new CelError('Prerelease is empty');
  if (!IDENTIFIER.test(part)) throw new CelError(`Invalid character(s) found in prerelease ${JSON.stringify(part)}`);
  if (NUMBER.test(part) && LEADING_ZERO.test(part)) throw new CelError(`Numeric PreRelease version must not contain leading zeroes ${JSON.stringify(part)}`);
}

function normalized(text: string): string {
  const [major = '', minor, ...others] = text.replace(/^v/, '').split('.');
  const given = [major, ...(minor === undefined ? [] : [minor]), ...(others.length === 0 ? [] : [others.join('.')])];
  if (given.length < 3 && /[-+]/.test(given.at(-1)!)) throw new CelError('short version cannot contain PreRelease/Build meta data');
  const parts = given.map((part) => (part.length > 1 ? part.replace(/^0+(?!\d)/, '0').replace(/^0+(?=\d)/, '') : part));
  while (parts.length < 3) parts.push('0');
  return parts.join('.');
}

export function compareVersions(a: Semver, b: Semver): bigint {
  for (let i = 0; i < 3; i++) if (a.numbers[i] !== b.numbers[i]) return a.numbers[i]! < b.numbers[i]! ? -1n : 1n;
  if (a.pre.length === 0 || b.pre.length === 0) return BigInt(Number(b.pre.length > 0) - Number(a.pre.length > 0));
  for (let i = 0; i < Math.min(a.pre.length, b.pre.length); i++) {
    const [left, right] = [a.pre[i]!, b.pre[i]!];
    if (left === right) continue;
    const [leftNumber, rightNumber] = [NUMBER.test(left), NUMBER.test(right)];
    if (leftNumber && rightNumber) return BigInt(left) < BigInt(right) ? -1n : 1n;
    if (leftNumber !== rightNumber) return leftNumber ? -1n : 1n;
    return left < right ? -1n : 1n;
  }
  return BigInt(Math.sign(a.pre.length - b.pre.length));
}
