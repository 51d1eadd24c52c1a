/**
 * A simulated cloud: instances boot after a delay and are then node agents on this machine. It keeps what it was asked for
 * through `state`, so that a cluster that is started again has the same nodes.
 */
import type { Cancel, Clock } from '../../runtime/clock.ts';
import { nameSuffix, type Random } from '../../runtime/random.ts';
import { nodeResources } from '../allocatable.ts';
import type { CloudProvider, Instance, NodePool } from '../provider.ts';

/** Where the cloud keeps its instances between starts: plain JSON. */
export interface CloudState {
  load(): readonly Instance[];
  save(instances: readonly Instance[]): void;
}

export interface LocalCloudOptions {
  pools: readonly NodePool[];
  /** From the request until the node agent starts. */
  bootDelayMs: number;
  clock: Clock;
  random: Random;
  state?: CloudState;
  /** Share of boots that fail, 0 to 1; for tests. */
  failureRate?: number;
  /** The instance runs: start its node agent. Also called for every running instance at `start`. */
  onBoot(instance: Instance, pool: NodePool): void;
  /** The instance is gone: end its node agent. */
  onRemove(nodeName: string): void;
}

export interface LocalCloud extends CloudProvider {
  /** Boots each pool's `min` at once on the first start, and what was there on a later one; boots under way go on. */
  start(): void;
  /** Ends timers; instances stay. */
  stop(): void;
}

export function localCloud(options: LocalCloudOptions): LocalCloud {
  const { pools, clock, random } = options;
  const instances = new Map<string, Instance>();
  const timers = new Map<string, Cancel>();

  const poolOf = (name: string): NodePool => {
    const pool = pools.find((p) => p.name === name);
    if (!pool) throw new Error(`no node pool ${JSON.stringify(name)}; there are ${pools.map((p) => p.name).join(', ')}`);
    return pool;
  };
  const inPool = (name: string): Instance[] => [...instances.values()].filter((instance) => instance.pool === name);
  const save = (): void => options.state?.save([...instances.values()]);
  const newName = (pool: string): string => {
    for (;;) {
      const name = `${pool}-${nameSuffix(random)}`;
      if (!instances.has(name)) return name;
    }
  };

  const boot = (instance: Instance): void => {
    timers.delete(instance.nodeName);
    if (options.failureRate !== undefined && random.next() < options.failureRate) {
      instances.set(instance.nodeName, { ...instance, phase: 'failed', error: 'the simulated cloud failed to boot it' });
      save();
      return;
    }
    const running: Instance = { ...instance, phase: 'running', readyAt: clock.now() };
    instances.set(instance.nodeName, running);
    save();
    options.onBoot(running, poolOf(instance.pool));
  };

  const bootLater = (instance: Instance): void => {
    const left = instance.requestedAt + options.bootDelayMs - clock.now();
    timers.set(
      instance.nodeName,
      clock.after(Math.max(0, left), () => boot(instance)),
    );
  };

  return {
    start() {
      const known = options.state?.load() ?? [];
      for (const instance of known) {
        if (!pools.some((pool) => pool.name === instance.pool)) continue;
        instances.set(instance.nodeName, instance);
        if (instance.phase === 'running') options.onBoot(instance, poolOf(instance.pool));
        else if (instance.phase === 'booting') bootLater(instance);
      }
      for (const pool of pools) {
        for (let have = inPool(pool.name).filter((i) => i.phase !== 'failed').length; have < pool.min; have++) {
          boot({ nodeName: newName(pool.name), pool: pool.name, phase: 'booting', requestedAt: clock.now() });
        }
      }
    },
    stop() {
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
    pools: () => pools,
    async instances(pool) {
      return inPool(poolOf(pool).name);
    },
    async increase(poolName, count) {
      const pool = poolOf(poolName);
      const size = inPool(poolName).filter((instance) => instance.phase !== 'failed').length;
      if (size + count > pool.max) throw new Error(`node pool ${poolName} has ${size} of at most ${pool.max} nodes: ${count} more are too many`);
      for (let i = 0; i < count; i++) {
        const instance: Instance = { nodeName: newName(poolName), pool: poolName, phase: 'booting', requestedAt: clock.now() };
        instances.set(instance.nodeName, instance);
        bootLater(instance);
      }
      save();
    },
    async remove(poolName, nodeName) {
      const instance = instances.get(nodeName);
      if (!instance || instance.pool !== poolName) return;
      timers.get(nodeName)?.();
      timers.delete(nodeName);
      instances.delete(nodeName);
      save();
      if (instance.phase === 'running') options.onRemove(nodeName);
    },
    template(poolName) {
      const pool = poolOf(poolName);
      return {
        ...nodeResources(pool.instanceType),
        labels: { ...pool.labels, 'node.kubernetes.io/instance-type': pool.instanceType.name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
        taints: pool.taints ?? [],
      };
    },
  };
}
