/** The scalers of each ScaledObject: made when they are first needed, and anew when its spec changes or one of them fails. */
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject, PodSpec } from '../../kube/types.ts';
import type { EventRecorder } from '../../runtime/controller.ts';
import { authParams, containerEnv } from './environment.ts';
import { compileFormula, type Formula } from './formula/compile.ts';
import type { Scaler, ScalerWorld } from './scaler.ts';
import { scalerFactory } from './scalers/index.ts';
import { Settings } from './settings.ts';
import { modifiersOf, type ScaledObject, type Trigger } from './types.ts';

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

interface Templated extends KubeObject {
  spec?: { template?: { spec?: PodSpec } };
}

export interface PoolWorld extends ScalerWorld {
  recorder: EventRecorder;
  /** The resources of a kind, as the API serves it. */
  targetOf(scaledObject: ScaledObject): Resource;
}

export class ScalerPool {
  readonly #world: PoolWorld;
  readonly #built = new Map<string, Promise<BuiltTriggers>>();
  readonly #generations = new Map<string, number>();

  constructor(world: PoolWorld) {
    this.#world = world;
  }

  /** Rejects with an Error that says which trigger cannot be made, and why. */
  async get(scaledObject: ScaledObject): Promise<BuiltTriggers> {
    const { uid = '', generation = 0 } = scaledObject.metadata;
    const known = this.#built.get(uid);
    if (known !== undefined && this.#generations.get(uid) === generation) return known;
    this.drop(uid);
    const building = this.#build(scaledObject, generation);
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

  async #build(scaledObject: ScaledObject, generation: number): Promise<BuiltTriggers> {
    const triggers: BuiltTrigger[] = [];
    try {
      const { spec } = scaledObject;
      const formula = formulaOf(scaledObject);
      const target = await this.#podSpec(scaledObject);
      const env = await containerEnv(
        this.#world.client,
        scaledObject.metadata.namespace ?? '',
        target,
        spec.scaleTargetRef.envSourceContainerName || undefined,
      );
      for (const [index, trigger] of spec.triggers.entries())
        triggers.push({ trigger, index, scaler: await this.#make(scaledObject, { trigger, index, env, target }) });
      return { generation, triggers, ...(formula && { formula }) };
    } catch (error) {
      await closeAll(triggers);
      throw error;
    }
  }

  async #make(
    scaledObject: ScaledObject,
    { trigger, index, env, target }: { trigger: Trigger; index: number; env: Record<string, string>; target: PodSpec | undefined },
  ): Promise<Scaler> {
    const { name = '', namespace = '', uid = '' } = scaledObject.metadata;
    const { recorder } = this.#world;
    try {
      const make = await scalerFactory(trigger.type);
      const metadata = trigger.metadata;
      const settings = new Settings({ metadata, env, auth: await authParams(this.#world.client, namespace, trigger, target) });
      const config = {
        index,
        namespace,
        owner: name,
        ownerUid: uid,
        settings,
        metadata,
        metricType: trigger.metricType ?? '',
        asMetricSource: modifiersOf(scaledObject) !== undefined,
      } as const;
      const scaler = await make(config, this.#world);
      recorder.event(scaledObject, 'Normal', 'KEDAScalersStarted', `Scaler ${trigger.type} is built`);
      return scaler;
    } catch (error) {
      const why = `triggers[${index}]: error parsing ${trigger.type} metadata: ${(error as Error).message}`;
      recorder.event(scaledObject, 'Warning', 'KEDAScalerFailed', why);
      throw new Error(why, { cause: error });
    }
  }

  /** Undefined where the target has no template of pods. */
  async #podSpec(scaledObject: ScaledObject): Promise<PodSpec | undefined> {
    const { client, targetOf } = this.#world;
    const key = { namespace: scaledObject.metadata.namespace ?? '', name: scaledObject.spec.scaleTargetRef.name };
    const target = await client.get(targetOf(scaledObject) as Resource<Templated>, key);
    return target.spec?.template?.spec;
  }
}

async function closeAll(triggers: readonly BuiltTrigger[]): Promise<void> {
  await Promise.allSettled(triggers.map(({ scaler }) => scaler.close()));
}

/** Throws an Error that says what is wrong with the modifiers. */
export function formulaOf(scaledObject: ScaledObject): Formula | undefined {
  const modifiers = modifiersOf(scaledObject);
  if (modifiers === undefined) return undefined;
  const { formula = '', target = '', activationTarget = '' } = modifiers;
  if (formula === '') throw new Error('error ScalingModifiers.Formula is mandatory');
  const named = scaledObject.spec.triggers.filter(({ type }) => type !== 'cpu' && type !== 'memory');
  const unnamed = named.findIndex(({ name = '' }) => name === '');
  if (unnamed >= 0)
    throw new Error(`error validating formula in ScalingModifiers: triggers[${unnamed}].name must be set: the formula speaks of triggers by their names`);
  const names = named.map(({ name = '' }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new Error(`error validating formula in ScalingModifiers: triggers' names must be unique: ${JSON.stringify(twice)} is there twice`);
  if (!(Number(target) > 0)) throw new Error(`error validating target in ScalingModifiers: target ${JSON.stringify(target)} must be a number above zero`);
  if (Number.isNaN(Number(activationTarget)))
    throw new Error(`error validating activationTarget in ScalingModifiers: ${JSON.stringify(activationTarget)} must be a number`);
  try {
    return compileFormula(formula, new Set(names));
  } catch (error) {
    throw new Error(`error validating formula in ScalingModifiers: ${(error as Error).message}`, { cause: error });
  }
}
