/** Which migration of a resource is next, and what migrations and definitions of custom resources say of it. */
import { getCondition, setCondition, type Condition } from '../../kube/conditions.ts';
import type { CustomResourceDefinition } from '../../kube/types.ts';
import type { StorageVersionMigration } from '../../kube/validation/storage-migration.ts';

type Status = NonNullable<StorageVersionMigration['status']>;

export function isTrue({ status }: StorageVersionMigration, type: string): boolean {
  return getCondition(status?.conditions, type)?.status === 'True';
}

export const isOver = (migration: StorageVersionMigration): boolean => isTrue(migration, 'Succeeded') || isTrue(migration, 'Failed');

/** What to do with the migrations of one resource: one at a time runs, the oldest first. */
export type Step = { do: 'finish' | 'start' | 'work'; migration: StorageVersionMigration } | undefined;

export function nextStep(migrations: readonly StorageVersionMigration[]): Step {
  const running = migrations.filter((migration) => isTrue(migration, 'Running'));
  const over = running.find(isOver);
  if (over !== undefined) return { do: 'finish', migration: over };
  const [current] = running;
  if (current !== undefined) return { do: 'work', migration: current };
  const [oldest] = migrations.filter((migration) => !isOver(migration)).toSorted(byAge);
  return oldest === undefined ? undefined : { do: 'start', migration: oldest };
}

function byAge({ metadata: a }: StorageVersionMigration, { metadata: b }: StorageVersionMigration): number {
  const [made, other] = [a.creationTimestamp ?? '', b.creationTimestamp ?? ''];
  if (made !== other) return made < other ? -1 : 1;
  return (a.name ?? '') < (b.name ?? '') ? -1 : 1;
}

export interface Progress {
  /** Objects that are yet to be written. */
  left: number;
  total: number;
  /** Why it has to be tried again. */
  transient?: string;
}

export function running(status: Status | undefined, now: string, progress?: Progress): Status {
  let message = 'The migration is running';
  if (progress !== undefined && progress.total > 0)
    message += progress.left > 0 ? `, ${progress.left}/${progress.total} objects not yet migrated` : `, ${progress.total} objects verified migrated`;
  if (progress?.transient !== undefined) message += `; transient error: ${progress.transient}`;
  return withCondition(status, { type: 'Running', status: 'True', reason: 'MigrationRunning', message }, now);
}

export function succeeded(status: Status | undefined, now: string): Status {
  return withCondition(status, { type: 'Succeeded', status: 'True', reason: 'StorageVersionMigrationSucceeded', message: 'Migration completed' }, now);
}

export function failed(status: Status | undefined, message: string, now: string): Status {
  return withCondition(status, { type: 'Failed', status: 'True', reason: 'StorageVersionMigrationFailed', message }, now);
}

/** No more is done: the next one may run. */
export function finished(status: Status | undefined, now: string): Status {
  return withCondition(status, { type: 'Running', status: 'False', reason: 'MigrationCompleted', message: 'Migration completed' }, now);
}

function withCondition(status: Status | undefined, condition: Condition, now: string): Status {
  return { ...status, conditions: setCondition(status?.conditions, condition, now) };
}

const MIGRATING = 'StorageMigrating';

type DefinitionStatus = { conditions: Condition[]; storedVersions?: string[] };

/** What the definition of the migrated resource says while the migration runs. */
export function definitionStarted(crd: CustomResourceDefinition, migration: StorageVersionMigration, now: string): DefinitionStatus {
  const message = `Migration ${migration.metadata.name ?? ''} is running`;
  return { conditions: [migrating(crd, { status: 'True', reason: 'MigrationRunning', message }, now)] };
}

/** And after it: what was stored before the definition last changed is stored in one version alone. */
export function definitionFinished(crd: CustomResourceDefinition, migration: StorageVersionMigration, now: string): DefinitionStatus {
  const began = getCondition(crd.status?.conditions as Condition[] | undefined, MIGRATING);
  const isSame = began?.observedGeneration !== undefined && began.observedGeneration === crd.metadata.generation;
  const message = isTrue(migration, 'Succeeded')
    ? `The migration has succeeded ${isSame ? 'and the stored versions have been updated' : 'but the stored versions have not been updated due to a generation mismatch'}`
    : 'The migration has failed';
  const reason = isTrue(migration, 'Succeeded') ? 'MigrationSucceeded' : 'MigrationFailed';
  const conditions = [migrating(crd, { status: 'False', reason, message }, now)];
  const stored = crd.spec.versions.find((version) => version.storage)?.name;
  return isSame && stored !== undefined ? { conditions, storedVersions: [stored] } : { conditions };
}

function migrating({ metadata }: CustomResourceDefinition, condition: Omit<Condition, 'type'>, now: string): Condition {
  return { type: MIGRATING, ...condition, lastTransitionTime: now, ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }) };
}
