/** The scalers of each ScaledObject and ScaledJob: made when they are first needed, and anew when its spec changes or one of them fails. */
import type { KubeObject, PodSpec } from '../../kube/types.ts';
import type { EventRecorder } from '../../runtime/controller.ts';
import { authParams, containerEnv } from './environment.ts';
import type { Formula } from './formula/compile.ts';
import type { Scaler, ScalerWorld } from './scaler.ts';
import { scalerFactory } from './scalers/index.ts';
import { Settings } from './settings.ts';
import type { Trigger } from './types.ts';

export interface BuiltTrigger {
  trigger: Trigger;
  index: number;
  scaler: Scaler;
}

export interface BuiltTriggers {
  generation: number;
  triggers: readonly BuiltTrigger[];
  formula?: Formula;
}

/** What has triggers, whatever it scales. */
export interface Triggers {
  owner: KubeObject;
  triggers: readonly Trigger[];
  /** Whose environment may be read. */
  envContainer: string | undefined;
  /** A formula takes the values. */
  isMetricSource: boolean;
  /** Throws an Error that says what is wrong with it. */
  formula(): Formula | undefined;
  /** Of the target; undefined where it has no template of pods. */
  podSpec(): Promise<PodSpec | undefined>;
}

export interface PoolWorld extends ScalerWorld {
  recorder: EventRecorder;
}

export class ScalerPool {
  readonly #world: PoolWorld;
  readonly #built = new Map<string, Promise<BuiltTriggers>>();
  readonly #generations = new Map<string, number>();

  constructor(world: PoolWorld) {
    this.#world = world;
  }

  /** Rejects with an Error that says which trigger cannot be made, and why. */
  async get(wanted: Triggers): Promise<BuiltTriggers> {
    const { uid = '', generation = 0 } = wanted.owner.metadata;
    const known = this.#built.get(uid);
    if (known !== undefined && this.#generations.get(uid) === generation) return known;
    this.drop(uid);
    const building = this.#build(wanted, generation);
    this.#built.set(uid, building);
    this.#generations.set(uid, generation);
    // What could not be made is tried again when it is asked for next.
    building.catch(() => {
      if (this.#built.get(uid) === building) this.#built.delete(uid);
    });
    return building;
  }

  /** Answers whether there were any. */
  drop(uid: string): boolean {
    const known = this.#built.get(uid);
    this.#built.delete(uid);
    this.#generations.delete(uid);
    void known?.then(({ triggers }) => closeAll(triggers)).catch(() => undefined);
    return known !== undefined;
  }

  async close(): Promise<void> {
    const all = [...this.#built.values()];
    this.#built.clear();
    await Promise.all(all.map((building) => building.then(({ triggers }) => closeAll(triggers)).catch(() => undefined)));
  }

  async #build(wanted: Triggers, generation: number): Promise<BuiltTriggers> {
    const triggers: BuiltTrigger[] = [];
    try {
      const formula = wanted.formula();
      const target = await wanted.podSpec();
      const env = await containerEnv(this.#world.client, wanted.owner.metadata.namespace ?? '', target, wanted.envContainer);
      for (const [index, trigger] of wanted.triggers.entries())
        triggers.push({ trigger, index, scaler: await this.#make(wanted, { trigger, index, env, target }) });
      return { generation, triggers, ...(formula && { formula }) };
    } catch (error) {
      await closeAll(triggers);
      throw error;
    }
  }

  async #make(
    { owner, isMetricSource }: Triggers,
    { trigger, index, env, target }: { trigger: Trigger; index: number; env: Record<string, string>; target: PodSpec | undefined },
  ): Promise<Scaler> {
    const { name = '', namespace = '', uid = '' } = owner.metadata;
    const { recorder, client } = this.#world;
    const { type, metadata, metricType = '' } = trigger;
    try {
      const make = await scalerFactory(type);
      const settings = new Settings({ metadata, env, auth: await authParams(client, namespace, trigger, target) });
      const scaler = await make({ index, namespace, owner: name, ownerUid: uid, settings, metadata, metricType, asMetricSource: isMetricSource }, this.#world);
      recorder.event(owner, 'Normal', 'KEDAScalersStarted', `Scaler ${type} is built`);
      return scaler;
    } catch (error) {
      const why = `triggers[${index}]: error parsing ${type} metadata: ${(error as Error).message}`;
      recorder.event(owner, 'Warning', 'KEDAScalerFailed', why);
      throw new Error(why, { cause: error });
    }
  }
}

async function closeAll(triggers: readonly BuiltTrigger[]): Promise<void> {
  await Promise.allSettled(triggers.map(({ scaler }) => scaler.close()));
}
