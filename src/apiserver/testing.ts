/** For tests: an engine in memory under a virtual clock with seeded chance, and short ways to say what a test is about. */
import { networkInterfaces } from 'node:os';
import type { Pod } from '../kube/types.ts';
import { silentLogger } from '../runtime/log.ts';
import { seededRandom } from '../runtime/random.ts';
import { VirtualClock } from '../runtime/virtual-clock.ts';
import { inProcessClient } from './client.ts';
import { createEngine, type ClosableEngine, type EngineOptions } from './create-engine.ts';
import type { RequestContext, ResourceDefinition } from './engine.ts';

export interface TestWorld {
  engine: ClosableEngine;
  clock: VirtualClock;
  client: ReturnType<typeof inProcessClient>;
  ctx: RequestContext;
  /** 'v1/pods', 'apps/v1/deployments' */
  definition(path: string): ResourceDefinition;
}

export async function testWorld(options: Partial<EngineOptions> = {}): Promise<TestWorld> {
  const clock = new VirtualClock();
  const engine = await createEngine({ clock, random: seededRandom(1), log: silentLogger, serviceCidr: '10.200.0.0/24', ...options });
  return {
    engine,
    clock,
    client: inProcessClient(engine, { name: 'test', groups: ['system:masters'] }),
    ctx: { user: { name: 'test', groups: ['system:masters'] }, warnings: [] },
    definition(path) {
      const parts = path.split('/');
      const [plural = '', version = '', group = ''] = parts.reverse();
      const found = engine.definition(group, version, plural);
      if (found === undefined) throw new Error(`no resource ${path}`);
      return found;
    },
  };
}

/** A pod that passes validation. */
export function pod(name: string, more: { labels?: Record<string, string>; spec?: Partial<NonNullable<Pod['spec']>>; finalizers?: string[] } = {}): Pod {
  const { labels, spec, finalizers } = more;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...(labels ? { labels } : {}), ...(finalizers ? { finalizers } : {}) },
    spec: { containers: [{ name: 'main', image: 'example.test/main:1' }], ...spec },
  };
}

/** An address of this machine that endpoints may have: not a loopback one. */
export function machineAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  if (found === undefined) throw new Error('this test needs a network interface with an IPv4 address besides the loopback one');
  return found.address;
}
