/** Samples all kubelets every 15 seconds, new ones sooner, and keeps the last two samples of each. */
import type { Clock } from '../../runtime/clock.ts';
import type { KubeletOf, NodeStats } from '../../runtime/kubelet.ts';
import type { Logger } from '../../runtime/log.ts';
import { usageBetween, type NodeUsage, type PodUsage } from './usage.ts';

const INTERVAL_MS = 15_000;
/** A node's second sample comes sooner, so that there is an answer soon after it came. */
const SECOND_SAMPLE_MS = 2_000;

/** With what each pod used, by 'namespace/name': it is asked for one pod at a time. */
export type IndexedUsage = NodeUsage & { byPod: ReadonlyMap<string, PodUsage> };

function indexed(usage: NodeUsage): IndexedUsage {
  return { ...usage, byPod: new Map(usage.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod])) };
}

export interface SamplerWorld {
  kubeletOf: KubeletOf;
  clock: Clock;
  log: Logger;
  nodeNames(): Promise<string[]>;
}

export class Sampler {
  readonly #world: SamplerWorld;
  readonly #samples = new Map<string, { newest: NodeStats; usage?: IndexedUsage }>();
  readonly #stop = new AbortController();

  constructor(world: SamplerWorld) {
    this.#world = world;
    void this.#run();
  }

  close(): void {
    this.#stop.abort();
  }

  /** Undefined until there are two samples. */
  usageOf(nodeName: string): IndexedUsage | undefined {
    return this.#samples.get(nodeName)?.usage;
  }

  async #run(): Promise<void> {
    const { clock } = this.#world;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#sampleAll();
      const someNew = [...this.#samples.values()].some(({ usage }) => usage === undefined);
      await clock.sleep(someNew || this.#samples.size === 0 ? SECOND_SAMPLE_MS : INTERVAL_MS, signal);
    }
  }

  async #sampleAll(): Promise<void> {
    const { log } = this.#world;
    try {
      const names = new Set(await this.#world.nodeNames());
      for (const name of this.#samples.keys()) if (!names.has(name)) this.#samples.delete(name);
      for (const name of names) await this.#sample(name);
    } catch (error) {
      log.warn('usage could not be sampled', { error: String(error) });
    }
  }

  async #sample(name: string): Promise<void> {
    const kubelet = this.#world.kubeletOf(name);
    if (kubelet === undefined) {
      this.#samples.delete(name);
      return;
    }
    try {
      const newest = await kubelet.stats();
      const last = this.#samples.get(name)?.newest;
      const usage = last && usageBetween(last, newest);
      this.#samples.set(name, usage === undefined ? { newest } : { newest, usage: indexed(usage) });
    } catch (error) {
      // What was used then is not what is used now: nothing is scaled by it.
      this.#samples.delete(name);
      this.#world.log.warn('the usage of a node could not be sampled', { node: name, error: String(error) });
    }
  }
}
