/** IPv4 ranges as numbers. */

export interface Cidr {
  readonly text: string;
  /** The network address. */
  readonly first: number;
  /** How many addresses, network and broadcast included. */
  readonly size: number;
}

/** Undefined for what is not a dotted quad. */
export function parseIp(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function formatIp(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** '10.96.0.0/16'. Throws an Error that names the text. */
export function parseCidr(text: string): Cidr {
  const [address = '', bits = ''] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined || !/^\d{1,2}$/.test(bits) || Number(bits) > 30) throw new Error(`${JSON.stringify(text)} is not an IPv4 range such as 10.96.0.0/16`);
  const size = 2 ** (32 - Number(bits));
  return { text, first: ip - (ip % size), size };
}

export function contains(cidr: Cidr, ip: number): boolean {
  return ip >= cidr.first && ip < cidr.first + cidr.size;
}
