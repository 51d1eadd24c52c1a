/** Names are resolved once, before the run: look-ups would be measured otherwise, and wait in a pool of four threads. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** All addresses of a name; rejects with the resolver's error. IPv6 may be in brackets, as in URLs. */
export async function resolveHost(hostname: string): Promise<string[]> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0) return [host];
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
