/** The definitions in manifests/fleet, on our API. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadCustomResources } from '../../src/apiserver/crd/controller.ts';
import { testWorld, type TestWorld } from '../../src/apiserver/testing.ts';
import { ensureOwnKinds } from '../../src/cli/cluster/own-kinds.ts';
import { customResourceDefinitions, type Resource } from '../../src/kube/resources.ts';
import { StatusError } from '../../src/kube/status.ts';
import type { CustomResourceDefinition, KubeObject } from '../../src/kube/types.ts';
import { parse } from '../../src/kube/yaml.ts';
import { examples } from './definitions.ts';

const FOLDER = join(import.meta.dirname, '../../manifests/fleet');

const DEFINITIONS = new Map(
  readdirSync(FOLDER).map((file) => [file.replace(/\.yaml$/, ''), parse(readFileSync(join(FOLDER, file), 'utf8')) as CustomResourceDefinition]),
);
const NAMES = [...DEFINITIONS.keys()];

function definitionOf(name: string): CustomResourceDefinition {
  const definition = DEFINITIONS.get(name);
  if (definition === undefined) throw new Error(`no definition ${name}`);
  return definition;
}

function resourceOf(name: string): Resource<KubeObject> {
  const { group, names, scope, versions } = definitionOf(name).spec;
  return { group, version: versions[0]?.name ?? '', kind: names.kind, plural: names.plural, namespaced: scope === 'Namespaced' };
}

async function answerOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return '';
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}

describe("the definitions of the fleet's kinds", () => {
  let world: TestWorld;
  before(async () => {
    world = await testWorld();
    await ensureOwnKinds(world.client, world.clock, 'manifests/fleet');
    await loadCustomResources(world.engine);
  });
  after(() => world.engine.close());

  const create = (name: string, object: KubeObject): Promise<KubeObject> => {
    const resource = resourceOf(name);
    const namespace = resource.namespaced ? { namespace: 'default' } : {};
    return world.client.create(resource, structuredClone({ ...object, metadata: { ...object.metadata, ...namespace } }));
  };

  test('each is established under the name of its file', async () => {
    for (const name of NAMES) {
      const { status } = await world.client.get(customResourceDefinitions, { name });
      assert.deepEqual(
        status?.conditions?.map(({ type, status: holds }) => `${type}=${holds}`),
        ['NamesAccepted=True', 'Established=True'],
        name,
      );
    }
  });

  test('making them again changes nothing', async () => {
    const versions = async (): Promise<unknown[]> => (await world.client.list(customResourceDefinitions)).items.map(({ metadata }) => metadata.resourceVersion);
    const before = await versions();
    assert.equal(before.length, NAMES.length);
    await ensureOwnKinds(world.client, world.clock, 'manifests/fleet');
    assert.deepEqual(await versions(), before);
  });

  test('every kind has an example that is taken', () => {
    const shown = new Set(examples.filter(({ refused }) => refused === undefined).map(({ kind }) => kind));
    const alike = new Set([
      'clusterpropagationpolicies.policy.karmada.io',
      'clusteroverridepolicies.policy.karmada.io',
      'clusterresourcebindings.work.karmada.io',
    ]);
    assert.deepEqual(
      NAMES.filter((name) => !shown.has(name) && !alike.has(name)),
      [],
    );
  });

  test('a kind of the whole cluster says the same as its like of a namespace', () => {
    for (const [one, other] of [
      ['propagationpolicies.policy.karmada.io', 'clusterpropagationpolicies.policy.karmada.io'],
      ['overridepolicies.policy.karmada.io', 'clusteroverridepolicies.policy.karmada.io'],
      ['resourcebindings.work.karmada.io', 'clusterresourcebindings.work.karmada.io'],
    ] as const)
      assert.deepEqual(definitionOf(one).spec.versions, definitionOf(other).spec.versions);
  });

  examples.forEach(({ name, kind, object, refused }, index) => {
    test(`${name}: ${refused === undefined ? 'taken' : 'refused, and the field named'}`, async () => {
      const numbered = refused === undefined ? { ...object, metadata: { ...object.metadata, name: `${object.metadata.name}-${index}` } } : object;
      const answer = await answerOf(create(kind, numbered));
      if (refused === undefined) assert.equal(answer, '');
      else assert.match(answer, refused);
    });
  });

  test("a policy's scheduler and a member's identity stay what they were", async () => {
    const policies = resourceOf('propagationpolicies.policy.karmada.io');
    const policy = await create('propagationpolicies.policy.karmada.io', {
      apiVersion: 'policy.karmada.io/v1alpha1',
      kind: 'PropagationPolicy',
      metadata: { name: 'scheduled' },
      spec: { resourceSelectors: [{ apiVersion: 'v1', kind: 'ConfigMap' }] },
    } as KubeObject);
    const changed = { ...policy, spec: { ...(policy as KubeObject & { spec: object }).spec, schedulerName: 'other' } };
    assert.match(
      await answerOf(world.client.update(policies, changed)),
      /spec\.schedulerName: Invalid value: "other": the schedulerName should not be updated/,
    );
    const members = resourceOf('clusters.cluster.karmada.io');
    const member = await create('clusters.cluster.karmada.io', {
      apiVersion: 'cluster.karmada.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name: 'known' },
      spec: { syncMode: 'Pull', id: 'one' },
    } as KubeObject);
    assert.match(
      await answerOf(world.client.update(members, { ...member, spec: { syncMode: 'Pull', id: 'two' } } as KubeObject)),
      /spec\.id: Invalid value: "two": the cluster is another one/,
    );
  });

  test("what upstream's webhooks fill in and a schema can is filled in", async () => {
    const { spec } = (await create('propagationpolicies.policy.karmada.io', {
      apiVersion: 'policy.karmada.io/v1alpha1',
      kind: 'PropagationPolicy',
      metadata: { name: 'defaulted' },
      spec: {
        resourceSelectors: [{ apiVersion: 'v1', kind: 'ConfigMap' }],
        placement: { replicaScheduling: {}, spreadConstraints: [{ maxGroups: 2 }] },
      },
    } as KubeObject)) as KubeObject & { spec: unknown };
    assert.deepEqual(spec, {
      resourceSelectors: [{ apiVersion: 'v1', kind: 'ConfigMap' }],
      placement: { replicaScheduling: { replicaSchedulingType: 'Divided' }, spreadConstraints: [{ minGroups: 1, maxGroups: 2 }] },
      priority: 0,
      preemption: 'Never',
      schedulerName: 'default-scheduler',
      conflictResolution: 'Abort',
    });
  });
});
