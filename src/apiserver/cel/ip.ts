/** IP addresses and CIDRs as CEL values. */
import { isIP } from 'node:net';
import { Foreign } from './values.ts';

export class Ip extends Foreign {
  readonly typeName = 'net.IP';
  readonly family: 4n | 6n;
  readonly value: bigint;

  constructor(family: 4n | 6n, value: bigint) {
    super();
    this.family = family;
    this.value = value;
  }

  equals(other: Foreign): boolean {
    return other instanceof Ip && other.family === this.family && other.value === this.value;
  }

  get width(): number {
    return this.family === 4n ? 32 : 128;
  }

  get isUnspecified(): boolean {
    return this.value === 0n;
  }

  get isLoopback(): boolean {
    return this.family === 4n ? this.value >> 24n === 127n : this.value === 1n;
  }

  get isLinkLocalMulticast(): boolean {
    return this.family === 4n ? this.value >> 8n === 0xe00000n : (this.value >> 112n) % 0x10n === 2n && this.value >> 120n === 0xffn;
  }

  get isLinkLocalUnicast(): boolean {
    return this.family === 4n ? this.value >> 16n === 0xa9fen : this.value >> 118n === 0x3fan;
  }

  get isGlobalUnicast(): boolean {
    const multicast = this.family === 4n ? this.value >> 28n === 0xen : this.value >> 120n === 0xffn;
    const broadcast = this.family === 4n && this.value === 0xffffffffn;
    return !broadcast && !this.isUnspecified && !this.isLoopback && !multicast && !this.isLinkLocalUnicast;
  }

  override toString(): string {
    if (this.family === 4n) return [24n, 16n, 8n, 0n].map((shift) => (this.value >> shift) & 0xffn).join('.');
    const words = Array.from({ length: 8 }, (_, i) => ((this.value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
    // The URL parser writes the shortest form.
    return new URL(`http://[${words.join(':')}]`).hostname.slice(1, -1);
  }
}

export class Cidr extends Foreign {
  readonly typeName = 'net.CIDR';
  readonly address: Ip;
  readonly bits: number;

  constructor(address: Ip, bits: number) {
    super();
    this.address = address;
    this.bits = bits;
  }

  equals(other: Foreign): boolean {
    return other instanceof Cidr && other.bits === this.bits && other.address.equals(this.address);
  }

  contains(ip: Ip): boolean {
    const shift = BigInt(this.address.width - this.bits);
    return ip.family === this.address.family && ip.value >> shift === this.address.value >> shift;
  }

  containsCidr(other: Cidr): boolean {
    return other.bits >= this.bits && this.contains(other.address);
  }

  masked(): Cidr {
    const shift = BigInt(this.address.width - this.bits);
    return new Cidr(new Ip(this.address.family, (this.address.value >> shift) << shift), this.bits);
  }

  override toString(): string {
    return `${this.address}/${this.bits}`;
  }
}

/** ::ffff:0:0/96 */
const MAPPED = 0xffffn;

/** Strict, as Kubernetes': no leading zeros, no zones, no IPv4 as IPv6. */
export function parseIp(text: string): Ip | undefined {
  const family = isIP(text);
  if (family === 4)
    return new Ip(
      4n,
      text.split('.').reduce((value, part) => (value << 8n) + BigInt(part), 0n),
    );
  if (family !== 6 || text.includes('%')) return undefined;
  // Its last four bytes may be written as IPv4.
  const plain = text.replace(/\d+\.\d+\.\d+\.\d+$/, (end) => {
    const [a, b, c, d] = end.split('.').map(Number);
    return `${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [front, back] = [words(head), tail === undefined ? [] : words(tail)];
  const all = [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back];
  const value = all.reduce((sum, word) => (sum << 16n) + BigInt(`0x${word}`), 0n);
  return value >> 32n === MAPPED ? undefined : new Ip(6n, value);
}

export function parseCidr(text: string): Cidr | undefined {
  const parts = /^(.+)\/(\d{1,3})$/.exec(text);
  const ip = parts === null ? undefined : parseIp(parts[1]!);
  if (parts === null || ip === undefined || /^0\d/.test(parts[2]!) || Number(parts[2]) > ip.width) return undefined;
  return new Cidr(ip, Number(parts[2]));
}
