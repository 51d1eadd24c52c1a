import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CustomResourceDefinition } from '../../kube/types.ts';
import type { StorageVersionMigration } from '../../kube/validation/storage-migration.ts';
import { definitionFinished, failed, finished, nextStep, running, succeeded } from './decide.ts';

const NOW = '2026-01-01T00:00:10Z';

function migration(name: string, second: number, status?: StorageVersionMigration['status']): StorageVersionMigration {
  const creationTimestamp = `2026-01-01T00:00:0${second}Z`;
  return { apiVersion: 'storagemigration.k8s.io/v1', kind: 'StorageVersionMigration', metadata: { name, creationTimestamp }, ...(status ? { status } : {}) };
}

const RUNNING = running(undefined, NOW);
const OVER = succeeded(RUNNING, NOW);
const STEPS: Record<string, [migrations: StorageVersionMigration[], step: string | undefined]> = {
  'nothing to do': [[], undefined],
  'the oldest starts': [[migration('b', 2), migration('a', 1)], 'start a'],
  'of the same age, the first by name': [[migration('b', 1), migration('a', 1)], 'start a'],
  'one at a time': [[migration('a', 1), migration('b', 2, RUNNING)], 'work b'],
  'what is over is finished before the next starts': [[migration('a', 1, OVER), migration('b', 2)], 'finish a'],
  'what failed is over': [[migration('a', 1, failed(RUNNING, 'why', NOW))], 'finish a'],
  'what is finished is left alone': [[migration('a', 1, finished(OVER, NOW)), migration('b', 2)], 'start b'],
};
for (const [name, [migrations, wanted]] of Object.entries(STEPS)) {
  test(`migrations of a resource: ${name}`, () => {
    const step = nextStep(migrations);
    assert.equal(step && `${step.do} ${step.migration.metadata.name}`, wanted);
  });
}

test('a running migration says how far it is, and what kept it', () => {
  const message = (...args: Parameters<typeof running>): string | undefined => running(...args).conditions?.[0]?.message;
  assert.equal(message(undefined, NOW), 'The migration is running');
  assert.equal(message(RUNNING, NOW, { left: 1, total: 3 }), 'The migration is running, 1/3 objects not yet migrated');
  assert.equal(message(RUNNING, NOW, { left: 0, total: 3 }), 'The migration is running, 3 objects verified migrated');
  assert.equal(
    message(RUNNING, NOW, { left: 1, total: 3, transient: 'busy' }),
    'The migration is running, 1/3 objects not yet migrated; transient error: busy',
  );
});

test('a definition that changed during the migration keeps its stored versions', () => {
  const crd = (generation: number): CustomResourceDefinition => {
    const conditions = [{ type: 'StorageMigrating', status: 'True', observedGeneration: 2, lastTransitionTime: NOW }];
    const spec = { versions: [{ name: 'v1' }, { name: 'v2', storage: true }] };
    return { metadata: { generation }, spec, status: { conditions, storedVersions: ['v1', 'v2'] } } as unknown as CustomResourceDefinition;
  };
  const done = migration('a', 1, OVER);
  assert.deepEqual(definitionFinished(crd(2), done, NOW).storedVersions, ['v2']);
  const changed = definitionFinished(crd(3), done, NOW);
  assert.equal(changed.storedVersions, undefined);
  assert.match(changed.conditions[0]?.message ?? '', /have not been updated due to a generation mismatch/);
});
