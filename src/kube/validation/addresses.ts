/** IP addresses and ranges in fields, in upstream's words. */
import { BlockList, isIP } from 'node:net';
import { invalidValue, type Errors } from './field.ts';

export interface Range {
  address: string;
  bits: number;
  family: 'ipv4' | 'ipv6';
}

/** '10.0.0.0/8'; undefined for what is no range. */
export function parseRange(text: string): Range | undefined {
  const [address = '', size = '', ...rest] = text.split('/');
  const version = isIP(address);
  const bits = Number(size);
  if (version === 0 || rest.length > 0 || !/^\d+$/.test(size) || bits > (version === 4 ? 32 : 128)) return undefined;
  return { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}

export function validateRange(errors: Errors, path: string, value: string): void {
  if (parseRange(value) === undefined) errors.push(invalidValue(path, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'));
}

const MAPPED = /^::ffff:\d+\.\d+\.\d+\.\d+$/i;

/** False where it is none. */
export function validateAddress(errors: Errors, path: string, value: string): boolean {
  if (isIP(value) !== 0 && !MAPPED.test(value)) return true;
  errors.push(invalidValue(path, value, whyNoAddress(value)));
  return false;
}

function whyNoAddress(value: string): string {
  if (isIP(value) !== 0) return 'must not be an IPv4-mapped IPv6 address';
  // Go's older parser takes these, and its newer one does not.
  if (isIP(value.replace(/(^|\.)0+(?=\d)/g, '$1')) === 4) return 'must not have leading 0s';
  return 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
}

function blocks(...ranges: [string, number, 'ipv4' | 'ipv6'][]): BlockList {
  const list = new BlockList();
  for (const range of ranges) list.addSubnet(...range);
  return list;
}

const LOOPBACK = blocks(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']);
const LINK_LOCAL = blocks(['169.254.0.0', 16, 'ipv4'], ['fe80::', 10, 'ipv6']);
const LINK_LOCAL_MULTICAST = blocks(['224.0.0.0', 24, 'ipv4'], ['ff02::', 16, 'ipv6']);
const UNSPECIFIED = blocks(['0.0.0.0', 32, 'ipv4'], ['::', 128, 'ipv6']);

/** Addresses to which no endpoint may point: of endpoints, their slices, and services' external addresses. */
export function validateEndpointAddress(errors: Errors, path: string, value: string): void {
  const version = isIP(value);
  if (version === 0) {
    errors.push(invalidValue(path, value, 'must be a valid IP address'));
    return;
  }
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (UNSPECIFIED.check(value, family)) errors.push(invalidValue(path, value, `may not be unspecified (${value})`));
  if (LOOPBACK.check(value, family)) errors.push(invalidValue(path, value, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'));
  if (LINK_LOCAL.check(value, family)) errors.push(invalidValue(path, value, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'));
  if (LINK_LOCAL_MULTICAST.check(value, family))
    errors.push(invalidValue(path, value, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'));
}
