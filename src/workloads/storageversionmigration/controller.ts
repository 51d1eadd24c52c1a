/** Runs StorageVersionMigrations: each stored object of the resource is patched with nothing, which stores it as it would be stored now. */
import { customResourceDefinitions, storageVersionMigrations, type Resource } from '../../kube/resources.ts';
import { isConflict, isNotFound, StatusError } from '../../kube/status.ts';
import type { CustomResourceDefinition, KubeObject, ObjectKey } from '../../kube/types.ts';
import type { StorageVersionMigration } from '../../kube/validation/storage-migration.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import type { ServedResource } from '../shared/stored-resources.ts';
import { definitionFinished, definitionStarted, failed, finished, nextStep, running, succeeded, type Progress } from './decide.ts';

const NAME = 'storage-version-migrator-controller';
/** As upstream's part that speaks of migrations in definitions calls itself. */
const RUNNER = 'migration-runner-controller';
/** A resource may come a little after the migration of it. */
const PATIENCE_MS = 60_000;
const RECHECK_MS = 1000;
const PAGE = 500;
const NEEDED = ['update', 'patch', 'list'];
const WHY = 'migration encountered unhandled error:';

type Status = NonNullable<StorageVersionMigration['status']>;
type Outcome = Promise<void | { requeueAfterMs: number }>;

/** `served`: what the API serves now. */
export function storageVersionMigrationController(ctx: ControllerContext, served: () => readonly ServedResource[]): Controller {
  const migrations = ctx.informer(storageVersionMigrations);
  const now = (): string => timestamp(ctx.clock.now());

  const update = async (migration: StorageVersionMigration, status: Status): Promise<void> => {
    await ctx.client.update(storageVersionMigrations, { ...migration, status }, { subresource: 'status' });
  };

  const definitionOf = async (name: string): Promise<CustomResourceDefinition | undefined> =>
    ctx.client.get(customResourceDefinitions, { name }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });

  const tellDefinition = async (crd: CustomResourceDefinition, status: object): Promise<void> => {
    const { name = '', resourceVersion } = crd.metadata;
    // Refused, and tried again, if the definition changed meanwhile: what is said is about this generation of it.
    const applied = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name, resourceVersion }, status };
    await ctx.client.patch(customResourceDefinitions, { name }, applied, { type: 'apply', subresource: 'status', fieldManager: RUNNER, force: true });
  };

  const work = async (migration: StorageVersionMigration): Outcome => {
    const { group = '', resource = '' } = migration.spec?.resource ?? {};
    const found = served().find((one) => one.group === group && one.plural === resource);
    if (found === undefined) {
      const age = ctx.clock.now() - Date.parse(migration.metadata.creationTimestamp ?? '');
      if (age < PATIENCE_MS) return { requeueAfterMs: RECHECK_MS };
      return update(migration, failed(migration.status, 'resource does not exist in discovery', now()));
    }
    if (!NEEDED.every((verb) => found.verbs.includes(verb))) {
      const name = `${found.group}/${found.version}, Resource=${found.plural}`;
      const why = `resource ${JSON.stringify(name)} does not support discovery operations: [${NEEDED.join(' ')}]`;
      return update(migration, failed(migration.status, why, now()));
    }
    const { group: _group, ...others } = found;
    const target: Resource = { group, ...others };
    if (!migration.status?.resourceVersion) {
      const { metadata } = await ctx.client.list(target, { limit: 1 });
      return update(migration, { ...migration.status, resourceVersion: metadata.resourceVersion });
    }
    return migrate(migration, target);
  };

  const migrate = async (migration: StorageVersionMigration, target: Resource): Promise<void> => {
    const { objects, total } = await objectsBefore(ctx, target, BigInt(migration.status?.resourceVersion ?? 0));
    let left = objects.length;
    for (const object of objects) {
      try {
        await rewrite(ctx, target, object);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const progress: Progress = { left, total };
        if (isTransient(error)) {
          await update(migration, running(migration.status, now(), { ...progress, transient: why }));
          throw error;
        }
        const status = running(migration.status, now(), progress);
        return update(migration, failed(status, `${left}/${total} not yet migrated. ${WHY} ${why}`, now()));
      }
      left--;
    }
    await update(migration, succeeded(running(migration.status, now(), { left, total }), now()));
  };

  return startController(ctx, {
    name: NAME,
    watches: [watching(storageVersionMigrations, (migration) => [keyOf(migration)])],
    async reconcile(key) {
      const step = nextStep(migrations.list().filter((migration) => keyOf(migration).name === key.name));
      if (step === undefined) return;
      const { migration } = step;
      if (step.do === 'work') return work(migration);
      const crd = await definitionOf(key.name);
      const starts = step.do === 'start';
      if (crd !== undefined) await tellDefinition(crd, (starts ? definitionStarted : definitionFinished)(crd, migration, now()));
      await update(migration, (starts ? running : finished)(migration.status, now()));
    },
  });
}

/** Migrations of one resource are worked on together, under the name that its definition would have. */
function keyOf({ spec }: StorageVersionMigration): ObjectKey {
  return { name: `${spec?.resource?.resource ?? ''}.${spec?.resource?.group ?? ''}` };
}

/** Those that were last written at that revision or earlier, and how many there are in all. */
async function objectsBefore({ client }: ControllerContext, target: Resource, revision: bigint): Promise<{ objects: KubeObject[]; total: number }> {
  const objects: KubeObject[] = [];
  let total = 0;
  let next: string | undefined;
  do {
    const { items, metadata } = await client.list(target, { limit: PAGE, ...(next === undefined ? {} : { continue: next }) });
    total += items.length;
    objects.push(...items.filter((object) => BigInt(object.metadata.resourceVersion ?? 0) <= revision));
    next = metadata.continue || undefined;
  } while (next !== undefined);
  return { objects, total };
}

/** Whoever changed or deleted it meanwhile has done the work. */
async function rewrite({ client }: ControllerContext, target: Resource, { metadata }: KubeObject): Promise<void> {
  const { name = '', namespace, uid, resourceVersion } = metadata;
  const apiVersion = target.group === '' ? target.version : `${target.group}/${target.version}`;
  const nothing = { apiVersion, kind: target.kind, metadata: { uid, resourceVersion } };
  const key = namespace === undefined ? { name } : { name, namespace };
  await client.patch(target, key, nothing, { type: 'merge', fieldManager: NAME }).catch((error: unknown) => {
    if (!isConflict(error) && !isNotFound(error)) throw error;
  });
}

/** The server's state, not the object's: it may be better the next time. */
function isTransient(error: unknown): boolean {
  return !(error instanceof StatusError) || error.code === 429 || error.code >= 500;
}
