import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Peer } from '../test/upstream/peer.ts';
import { whyNoTools, type Tool } from '../scripts/upstream/tools.ts';
import type { Figure } from './spread.ts';

export interface Measured {
  name: string;
  unit: Figure['unit'];
  value: number;
}

interface Peers {
  /** Upstream's programs; where they cannot be built Argosy is measured alone, and it is said. */
  tools: readonly Tool[];
  upstream(dir: string): Promise<Peer>;
  argosy(dir: string): Promise<Peer>;
}

/** The same work for upstream and for Argosy, in turn, `runs` times; what was measured of both stands beside each other. */
export async function besideUpstream(runs: number, { tools, upstream, argosy }: Peers, measure: (peer: Peer) => Promise<Measured[]>): Promise<Figure[]> {
  const missing = whyNoTools(tools);
  if (missing !== undefined) console.log(`${tools.join(', ')}: not measured: ${missing}`);
  const peers = [...(missing === undefined ? [{ name: tools.join(' + '), start: upstream }] : []), { name: 'Argosy', start: argosy }];
  const figures = new Map<string, Figure[]>();
  for (let run = 0; run < runs; run++) {
    for (const [i, { name, start }] of peers.entries()) {
      const dir = mkdtempSync(join(tmpdir(), 'argosy-bench-'));
      const peer = await start(dir);
      try {
        for (const { name: what, unit, value } of await measure(peer)) {
          const both = figures.getOrInsertComputed(what, () => []);
          (both[i] ??= { name: `${what}: ${name}`, unit, values: [] }).values.push(value);
        }
      } finally {
        await peer.stop();
        rmSync(dir, { recursive: true, force: true });
      }
    }
  }
  return [...figures.values()].flat();
}
