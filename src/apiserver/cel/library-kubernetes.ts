/** Kubernetes' CEL libraries: quantities, URLs, addresses, formats and versions. */
import { isIP } from 'node:net';
import { whyNoAddress, whyNoPrefix } from './address-problems.ts';
import { isDns1035Label, isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../../kube/names.ts';
import { checkFormat } from '../crd/formats.ts';
import { fn, method, type Library } from './functions.ts';
import { parseCidr, parseIp, type Cidr, type Ip } from './ip.ts';
import { compareVersions, parseVersion, type Semver } from './semver.ts';
import { BOOL, DOUBLE, foreign, INT, list, map, optional, STRING } from './types.ts';
import { CelError, CelMap, Foreign, Optional, type Value } from './values.ts';

const QUANTITY = foreign('kubernetes.Quantity');
const URL_TYPE = foreign('kubernetes.URL');
const IP = foreign('net.IP');
const CIDR = foreign('net.CIDR');
const FORMAT = foreign('kubernetes.NamedFormat');
const SEMVER = foreign('kubernetes.Semver');

/** A number as numerator over a power of ten: quantities are exact. */
class Quantity extends Foreign {
  readonly typeName = 'kubernetes.Quantity';
  readonly value: bigint;
  readonly scale: number;

  constructor(value: bigint, scale: number) {
    super();
    this.value = value;
    this.scale = scale;
  }

  at(scale: number): bigint {
    return this.value * 10n ** BigInt(scale - this.scale);
  }

  equals(other: Foreign): boolean {
    return other instanceof Quantity && compareQuantities(this, other) === 0n;
  }
}

const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

function parseQuantity(text: string): Quantity | undefined {
  const parts = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,2}))?$/.exec(text);
  if (parts === null) return undefined;
  const [, sign, number = '', suffix = '', exponent] = parts;
  const [whole = '', fraction = ''] = number.split('.');
  const digits = BigInt((whole || '0') + fraction) * (sign === '-' ? -1n : 1n);
  const binary = BINARY.indexOf(suffix);
  if (binary > 0) return new Quantity(digits * 1024n ** BigInt(binary), fraction.length);
  const power = exponent === undefined ? (DECIMAL[suffix] ?? 0) : Number(exponent);
  const scale = fraction.length - power;
  return scale >= 0 ? new Quantity(digits, scale) : new Quantity(digits * 10n ** BigInt(-scale), 0);
}

function compareQuantities(a: Quantity, b: Quantity): bigint {
  const scale = Math.max(a.scale, b.scale);
  const [left, right] = [a.at(scale), b.at(scale)];
  return left < right ? -1n : left > right ? 1n : 0n;
}

function plus(a: Quantity, b: Quantity | bigint, sign: 1n | -1n): Quantity {
  const other = typeof b === 'bigint' ? new Quantity(b, 0) : b;
  const scale = Math.max(a.scale, other.scale);
  return new Quantity(a.at(scale) + sign * other.at(scale), scale);
}

function wholeOf({ value, scale }: Quantity): bigint | undefined {
  const unit = 10n ** BigInt(scale);
  const whole = value / unit;
  return value % unit === 0n && whole < 2n ** 63n && whole >= -(2n ** 63n) ? whole : undefined;
}

class UrlValue extends Foreign {
  readonly typeName = 'kubernetes.URL';
  readonly text: string;
  readonly url: URL;

  constructor(text: string) {
    super();
    this.text = text;
    this.url = new URL(text, 'none://none');
  }

  equals(other: Foreign): boolean {
    return other instanceof UrlValue && other.text === this.text;
  }

  get absolute(): boolean {
    return !this.text.startsWith('/');
  }

  get port(): string {
    return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*?:(\d+)(?:[/?#]|$)/i.exec(this.text)?.[1] ?? '';
  }

  get query(): CelMap {
    const { searchParams } = this.url;
    return new CelMap([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]));
  }
}

/** As Go's url.ParseRequestURI: a path from the root, or with a scheme. */
function parseUrl(text: string): UrlValue | undefined {
  if (!/^(?:\/|[a-z][a-z0-9+.-]*:)/i.test(text) || /[\s\\^`{}|<>"]/.test(text) || /%(?![0-9a-f]{2})/i.test(text)) return undefined;
  if (!text.startsWith('/') && !URL.canParse(text)) return undefined;
  return new UrlValue(text);
}

class Format extends Foreign {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }

  equals(other: Foreign): boolean {
    return other instanceof Format && other.name === this.name;
  }
}

const prefixOf =
  (check: (name: string) => string[]): ((text: string) => string[]) =>
  (text) =>
    check(text.endsWith('-') ? `${text.slice(0, -1)}a` : text);
const unless =
  (format: string, why: string): ((text: string) => string[]) =>
  (text) =>
    checkFormat(format, text) ? [] : [why];
const FORMATS: Record<string, (text: string) => string[]> = {
  dns1123Label: isDns1123Label,
  dns1123Subdomain: isDns1123Subdomain,
  dns1035Label: isDns1035Label,
  qualifiedName: isQualifiedName,
  dns1123LabelPrefix: prefixOf(isDns1123Label),
  dns1123SubdomainPrefix: prefixOf(isDns1123Subdomain),
  dns1035LabelPrefix: prefixOf(isDns1035Label),
  labelValue: isLabelValue,
  uri: (text) => (parseUrl(text) === undefined ? ['invalid URI'] : []),
  uuid: unless('uuid', 'does not match the UUID format'),
  byte: unless('byte', 'invalid base64'),
  date: unless('date', 'invalid date'),
  datetime: unless('datetime', 'invalid datetime'),
};

/** `why`: what upstream's parser says of a text that is none. */
function needed<T>(parse: (text: string) => T | undefined, why: (text: string) => string): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new CelError(why(text));
    return value;
  };
}

const notIp = (text: string): string => {
  const quoted = JSON.stringify(text);
  if (isIP(text) === 0) return `IP Address ${quoted} parse error during conversion from string: ${whyNoAddress(text)}`;
  return text.includes('%') ? `IP address ${quoted} with zone value is not allowed` : `IPv4-mapped IPv6 address ${quoted} is not allowed`;
};
const CIDR_ERROR = 'network address parse error during conversion from string';
const notCidr = (text: string): string => `${CIDR_ERROR}: ${CIDR_ERROR}: ${whyNoPrefix(text, (address) => isIP(address) !== 0)}`;
const notUrl = (text: string): string =>
  `URL parse error during conversion from string: parse ${JSON.stringify(text)}: ${text === '' ? 'empty url' : 'invalid URI for request'}`;

function isVersion(text: string, normalize = false): boolean {
  try {
    parseVersion(text, normalize);
    return true;
  } catch (error) {
    if (error instanceof CelError) return false;
    throw error;
  }
}

const comparing = (type: typeof QUANTITY, order: (a: never, b: never) => bigint): Library => ({
  isGreaterThan: [method([type, type], BOOL, (a: never, b: never) => order(a, b) > 0n)],
  isLessThan: [method([type, type], BOOL, (a: never, b: never) => order(a, b) < 0n)],
  compareTo: [method([type, type], INT, (a: never, b: never) => order(a, b))],
});
const quantityOrder = comparing(QUANTITY, compareQuantities);
const versionOrder = comparing(SEMVER, compareVersions);
const asIp = (text: string): Ip => needed(parseIp, notIp)(text);
const asCidr = (text: string): Cidr => needed(parseCidr, notCidr)(text);

export const kubernetes: Library = {
  quantity: [
    fn([STRING], QUANTITY, (text: string) => {
      const found = parseQuantity(text);
      if (found === undefined) throw new CelError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
      return found;
    }),
  ],
  isQuantity: [fn([STRING], BOOL, (text: string) => parseQuantity(text) !== undefined)],
  sign: [fn([QUANTITY], INT, ({ value }: Quantity) => (value > 0n ? 1n : value < 0n ? -1n : 0n))],
  isInteger: [method([QUANTITY], BOOL, (value: Quantity) => wholeOf(value) !== undefined)],
  asInteger: [
    method([QUANTITY], INT, (value: Quantity) => {
      const whole = wholeOf(value);
      if (whole === undefined) throw new CelError('cannot convert value to integer');
      return whole;
    }),
  ],
  asApproximateFloat: [method([QUANTITY], DOUBLE, ({ value, scale }: Quantity) => Number(value) / 10 ** scale)],
  add: [
    method([QUANTITY, QUANTITY], QUANTITY, (a: Quantity, b: Quantity) => plus(a, b, 1n)),
    method([QUANTITY, INT], QUANTITY, (a: Quantity, b: bigint) => plus(a, b, 1n)),
  ],
  sub: [
    method([QUANTITY, QUANTITY], QUANTITY, (a: Quantity, b: Quantity) => plus(a, b, -1n)),
    method([QUANTITY, INT], QUANTITY, (a: Quantity, b: bigint) => plus(a, b, -1n)),
  ],
  isGreaterThan: [...quantityOrder['isGreaterThan']!, ...versionOrder['isGreaterThan']!],
  isLessThan: [...quantityOrder['isLessThan']!, ...versionOrder['isLessThan']!],
  compareTo: [...quantityOrder['compareTo']!, ...versionOrder['compareTo']!],
  url: [fn([STRING], URL_TYPE, needed(parseUrl, notUrl))],
  isURL: [fn([STRING], BOOL, (text: string) => parseUrl(text) !== undefined)],
  getScheme: [method([URL_TYPE], STRING, (value: UrlValue) => (value.absolute ? value.url.protocol.slice(0, -1) : ''))],
  getHost: [method([URL_TYPE], STRING, (value: UrlValue) => (value.absolute ? value.url.hostname + (value.port === '' ? '' : `:${value.port}`) : ''))],
  getHostname: [method([URL_TYPE], STRING, (value: UrlValue) => (value.absolute ? value.url.hostname.replace(/^\[|\]$/g, '') : ''))],
  getPort: [method([URL_TYPE], STRING, (value: UrlValue) => value.port)],
  getEscapedPath: [
    method([URL_TYPE], STRING, (value: UrlValue) =>
      value.url.pathname === '/' && !/\/(?:[?#]|$)/.test(value.text.replace(/^[^:]*:\/\//, '')) ? '' : value.url.pathname,
    ),
  ],
  getQuery: [method([URL_TYPE], map(STRING, list(STRING)), (value: UrlValue) => value.query)],
  ip: [fn([STRING], IP, asIp), method([CIDR], IP, (value: Cidr) => value.address)],
  isIP: [fn([STRING], BOOL, (text: string) => parseIp(text) !== undefined)],
  'ip.isCanonical': [fn([STRING], BOOL, (text: string) => String(asIp(text)) === text)],
  family: [method([IP], INT, (value: Ip) => value.family)],
  isUnspecified: [method([IP], BOOL, (value: Ip) => value.isUnspecified)],
  isLoopback: [method([IP], BOOL, (value: Ip) => value.isLoopback)],
  isLinkLocalMulticast: [method([IP], BOOL, (value: Ip) => value.isLinkLocalMulticast)],
  isLinkLocalUnicast: [method([IP], BOOL, (value: Ip) => value.isLinkLocalUnicast)],
  isGlobalUnicast: [method([IP], BOOL, (value: Ip) => value.isGlobalUnicast)],
  cidr: [fn([STRING], CIDR, asCidr)],
  isCIDR: [fn([STRING], BOOL, (text: string) => parseCidr(text) !== undefined)],
  containsIP: [
    method([CIDR, IP], BOOL, (value: Cidr, ip: Ip) => value.contains(ip)),
    method([CIDR, STRING], BOOL, (value: Cidr, text: string) => value.contains(asIp(text))),
  ],
  containsCIDR: [
    method([CIDR, CIDR], BOOL, (value: Cidr, other: Cidr) => value.containsCidr(other)),
    method([CIDR, STRING], BOOL, (value: Cidr, text: string) => value.containsCidr(asCidr(text))),
  ],
  masked: [method([CIDR], CIDR, (value: Cidr) => value.masked())],
  prefixLength: [method([CIDR], INT, (value: Cidr) => BigInt(value.bits))],
  'format.named': [fn([STRING], optional(FORMAT), (name: string) => new Optional(Object.hasOwn(FORMATS, name) ? new Format(name) : undefined))],
  ...Object.fromEntries(Object.keys(FORMATS).map((name) => [`format.${name}`, [fn([], FORMAT, () => new Format(name))]])),
  validate: [
    method([FORMAT, STRING], optional(list(STRING)), ({ name }: Format, text: string) => {
      const why: Value[] = FORMATS[name]!(text);
      return new Optional(why.length === 0 ? undefined : why);
    }),
  ],
  semver: [fn([STRING], SEMVER, (text: string) => parseVersion(text)), fn([STRING, BOOL], SEMVER, parseVersion)],
  isSemver: [fn([STRING], BOOL, (text: string) => isVersion(text)), fn([STRING, BOOL], BOOL, isVersion)],
  major: [method([SEMVER], INT, ({ numbers }: Semver) => numbers[0])],
  minor: [method([SEMVER], INT, ({ numbers }: Semver) => numbers[1])],
  patch: [method([SEMVER], INT, ({ numbers }: Semver) => numbers[2])],
};
