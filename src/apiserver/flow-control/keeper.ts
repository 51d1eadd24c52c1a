/** Keeps the server's own flow schemas and priority levels, and tells flow control what there is. */
import { isAlreadyExists, isConflict, isNotFound } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import { timestamp, type Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { ApiEngine, ApiWatch, RequestContext, ResourceDefinition } from '../engine.ts';
import { equalJson } from '../../kube/json.ts';
import { AUTO_UPDATE, CATCH_ALL, defaultLevels, defaultSchemas } from './defaults.ts';
import type { FlowControl } from './index.ts';
import { GROUP, type FlowSchema, type PriorityLevelConfiguration } from './types.ts';

interface World {
  engine: ApiEngine;
  clock: Clock;
  log: Logger;
}

const USER = { name: 'system:apiserver', groups: ['system:masters'] };

/** Resolves when the objects are there and flow control knows them. `stop` ends it. */
export async function keepFlowControl(world: World, flowControl: FlowControl): Promise<{ stop(): void }> {
  const { engine, log } = world;
  const schemas = definition(engine, 'flowschemas');
  const levels = definition(engine, 'prioritylevelconfigurations');
  const producer: RequestContext = { user: USER, fieldManager: 'api-priority-and-fairness-config-producer-v1', warnings: [] };
  let stopped = false;
  let again = false;
  let working: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    const [levelList, schemaList] = await Promise.all([engine.list(levels, producer), engine.list(schemas, producer)]);
    // The collections hold objects of these kinds.
    const levelObjects = levelList.items.map(({ object }) => object as PriorityLevelConfiguration);
    const schemaObjects = schemaList.items.map(({ object }) => object as FlowSchema);
    flowControl.configure(schemaObjects, levelObjects);
    await Promise.all([
      ...defaultLevels().map((wanted) => ensure(engine, producer, levels, wanted, levelObjects)),
      ...defaultSchemas().map((wanted) => ensure(engine, producer, schemas, wanted, schemaObjects)),
      ...schemaObjects.map((schema) => tellDangling(world, schemas, schema, levelObjects)),
    ]);
  }

  /** One at a time, and once more when something changed meanwhile. */
  function changed(): Promise<void> {
    again = true;
    working ??= (async () => {
      while (again && !stopped) {
        again = false;
        await refresh().catch((error: unknown) => log.warn('flow schemas could not be kept', { error: String(error) }));
      }
      working = undefined;
    })();
    return working;
  }

  const watches = await Promise.all([levels, schemas].map((of) => engine.watch(of, producer)));
  for (const watch of watches) watch.onReady(() => ready(watch, () => void changed()));
  await changed();
  return {
    stop() {
      stopped = true;
      for (const watch of watches) watch.close();
    },
  };
}

/** What changed is read from the lists: they are short. */
function ready(watch: ApiWatch, fn: () => void): void {
  // Not from inside the callback that says there is something.
  queueMicrotask(() => {
    if (watch.drain().length > 0) fn();
  });
}

function definition(engine: ApiEngine, plural: string): ResourceDefinition {
  const found = engine.definition(GROUP, 'v1', plural);
  if (found === undefined) throw new Error(`there is no resource ${plural}.${GROUP}`);
  return found;
}

async function ensure(
  engine: ApiEngine,
  ctx: RequestContext,
  of: ResourceDefinition,
  wanted: FlowSchema | PriorityLevelConfiguration,
  there: readonly KubeObject[],
): Promise<void> {
  const { name = '' } = wanted.metadata;
  const found = there.find(({ metadata }) => metadata.name === name) as typeof wanted | undefined;
  try {
    if (found === undefined) await engine.create(of, { ...ctx, warnings: [] }, undefined, wanted);
    else if (isOurs(found, name) && !equalJson(found.spec, wanted.spec))
      await engine.update(of, { ...ctx, warnings: [] }, { name }, { ...wanted, metadata: { ...found.metadata } } as KubeObject);
  } catch (error) {
    // Somebody else was quicker: what they did is seen next.
    if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error;
  }
}

/** An administrator who says otherwise in the annotation has it their way, but for what nobody may change. */
function isOurs({ metadata }: KubeObject, name: string): boolean {
  return metadata.annotations?.[AUTO_UPDATE] === 'true' || name === CATCH_ALL;
}

async function tellDangling({ engine, clock }: World, of: ResourceDefinition, schema: FlowSchema, levels: readonly KubeObject[]): Promise<void> {
  const level = schema.spec.priorityLevelConfiguration.name;
  const exists = levels.some(({ metadata }) => metadata.name === level);
  const wanted = exists
    ? {
        status: 'False',
        reason: 'Found',
        message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} and it exists`,
      }
    : {
        status: 'True',
        reason: 'NotFound',
        message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} but there is no such object`,
      };
  const now = schema.status?.conditions?.find(({ type }) => type === 'Dangling');
  if (now !== undefined && now.status === wanted.status && now.message === wanted.message) return;
  const condition = { type: 'Dangling', lastTransitionTime: timestamp(clock.now()), ...wanted };
  const ctx: RequestContext = { user: USER, fieldManager: 'api-priority-and-fairness-config-consumer-v1', warnings: [] };
  const { apiVersion, kind, metadata } = schema;
  const mine = { apiVersion, kind, metadata: { name: metadata.name ?? '' }, status: { conditions: [condition] } };
  await engine.patch(of, ctx, mine.metadata, mine, { type: 'apply', force: true, subresource: 'status' }).catch((error: unknown) => {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  });
}
