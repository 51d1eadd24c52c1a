import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { KubeObject, Pod } from '../../kube/types.ts';
import type { RequestContext, UserInfo } from '../engine.ts';
import { newRequest } from '../pki/request.ts';
import { pod, testWorld, type TestWorld } from '../testing.ts';
import type { ResourceAttributes } from './attributes.ts';

let world: TestWorld;
const nodeA: UserInfo = { name: 'system:node:a', groups: ['system:nodes', 'system:authenticated'] };
const asNodeA: RequestContext = { user: nodeA, warnings: [] };
const DEFAULT = { namespace: 'default' };

beforeEach(async () => {
  world = await testWorld();
  const { client } = world;
  for (const name of ['a', 'b']) await world.engine.create(world.definition('v1/nodes'), world.ctx, undefined, node(name));
  await client.create(
    { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true },
    pod('web', {
      spec: {
        nodeName: 'a',
        imagePullSecrets: [{ name: 'pull' }],
        containers: [
          {
            name: 'main',
            image: 'x:1',
            env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'env', key: 'k' } } }],
            envFrom: [{ configMapRef: { name: 'all' } }],
          },
        ],
        volumes: [
          { name: 's', secret: { secretName: 'volume' } },
          { name: 'p', projected: { sources: [{ configMap: { name: 'projected' } }] } },
          { name: 'data', persistentVolumeClaim: { claimName: 'claim' } },
        ],
      },
    }) as KubeObject,
  );
  await client.create({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }, pod('other', { spec: { nodeName: 'b' } }) as KubeObject);
});

function node(name: string, labels: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
}

function asked(verb: string, plural: string, more: Partial<ResourceAttributes> = {}): string | true {
  const attributes = { verb, group: '', plural, ...DEFAULT, ...more };
  const { allowed, reason } = world.engine.authorizer.decide(nodeA, attributes);
  assert.equal(world.engine.authorizer.allows(nodeA, attributes), allowed);
  return allowed || reason.replace(/^node: /, '');
}

test('a node sees what its pods name, and nothing of others', () => {
  const none = "no relationship found between node 'a' and this object";
  for (const name of ['pull', 'env', 'volume']) assert.equal(asked('get', 'secrets', { name }), true, name);
  for (const name of ['all', 'projected']) assert.equal(asked('watch', 'configmaps', { name }), true, name);
  assert.equal(asked('get', 'secrets', { name: 'secret' }), none);
  assert.equal(asked('get', 'secrets', { name: 'pull', namespace: 'kube-system' }), none);
  assert.equal(asked('list', 'secrets'), 'No Object name found');
  assert.equal(asked('update', 'secrets', { name: 'pull' }), 'can only read resources of this type');
  assert.equal(asked('get', 'persistentvolumeclaims', { name: 'claim' }), true);
  assert.equal(asked('get', 'pods', { name: 'web' }), true);
  assert.equal(asked('get', 'pods', { name: 'other' }), none);
  assert.equal(asked('watch', 'pods', { namespace: undefined, fieldSelector: 'spec.nodeName=a' }), true);
  assert.equal(
    asked('watch', 'pods', { namespace: undefined, fieldSelector: 'spec.nodeName=b' }),
    'can only list/watch pods with spec.nodeName field selector',
  );
  assert.equal(asked('create', 'serviceaccounts', { name: 'default', subresource: 'token' }), true);
  assert.equal(asked('create', 'serviceaccounts', { name: 'robot', subresource: 'token' }), none);
});

test('what a node sees follows its pods', async () => {
  const { engine, ctx, definition } = world;
  assert.equal(asked('get', 'secrets', { name: 'env' }), true);
  await engine.delete(definition('v1/pods'), ctx, { name: 'web', ...DEFAULT }, { gracePeriodSeconds: 0 });
  assert.match(String(asked('get', 'secrets', { name: 'env' })), /no relationship/);
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v' },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' }, claimRef: { ...DEFAULT, name: 'claim2' } },
  };
  await engine.create(definition('v1/persistentvolumes'), ctx, undefined, volume as KubeObject);
  assert.match(String(asked('get', 'persistentvolumes', { name: 'v', namespace: undefined })), /no relationship/);
  const more = pod('more', { spec: { nodeName: 'a', volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'claim2' } }] } });
  await engine.create(definition('v1/pods'), ctx, 'default', more as KubeObject);
  assert.equal(asked('get', 'persistentvolumes', { name: 'v', namespace: undefined }), true);
});

test('a node has its own Node and Lease, and what all nodes need', () => {
  assert.equal(asked('get', 'nodes', { name: 'a', namespace: undefined }), true);
  assert.equal(asked('get', 'nodes', { name: 'b', namespace: undefined }), "node 'a' cannot read 'b', only its own Node object");
  assert.equal(asked('list', 'nodes', { namespace: undefined }), "node 'a' cannot read all nodes, only its own Node object");
  assert.equal(asked('list', 'services', { namespace: undefined }), true);
  assert.equal(asked('delete', 'services', { name: 'x' }), '');
  const lease = { group: 'coordination.k8s.io', namespace: 'kube-node-lease' };
  assert.equal(asked('update', 'leases', { ...lease, name: 'a' }), true);
  assert.equal(asked('update', 'leases', { ...lease, name: 'b' }), 'can only access node lease with the same name as the requesting node');
  assert.equal(asked('get', 'leases', { ...lease, namespace: 'default', name: 'a' }), 'can only access leases in the "kube-node-lease" system namespace');
  assert.equal(world.engine.authorizer.allows({ name: 'system:node:a', groups: [] }, { verb: 'list', group: '', plural: 'services' }), false);
});

test('what a node writes is its own', async () => {
  const { engine, definition } = world;
  const refused = (work: Promise<unknown>, message: string): Promise<void> => assert.rejects(work, { code: 403, message: new RegExp(message) } as never);
  const [nodes, pods] = [definition('v1/nodes'), definition('v1/pods')];
  await refused(engine.create(nodes, asNodeA, undefined, node('c')), 'node "a" is not allowed to modify node "c"');
  await engine.patch(nodes, asNodeA, { name: 'a' }, { metadata: { labels: { 'kubernetes.io/os': 'linux', mine: 'x' } } }, { type: 'merge' });
  const label = (key: string): Promise<unknown> => engine.patch(nodes, asNodeA, { name: 'a' }, { metadata: { labels: { [key]: 'x' } } }, { type: 'merge' });
  await refused(label('node-restriction.kubernetes.io/team'), 'is not allowed to modify labels: node-restriction.kubernetes.io/team');
  await refused(label('app.kubernetes.io/name'), 'is not allowed to modify labels');
  await refused(
    engine.patch(nodes, asNodeA, { name: 'a' }, { spec: { taints: [] } }, { type: 'merge' }).then(() => label('x.k8s.io/y')),
    'modify (labels|taints)',
  );
  await refused(engine.create(pods, asNodeA, 'default', pod('free') as KubeObject), 'node "a" can only create mirror pods');
  const status = (name: string): Promise<unknown> =>
    engine.patch(pods, asNodeA, { name, ...DEFAULT }, { status: { phase: 'Running' } }, { type: 'merge', subresource: 'status' });
  await status('web');
  await refused(status('other'), 'node "a" can only update pod status for pods with spec.nodeName set to itself');
  await refused(engine.delete(pods, asNodeA, { name: 'other', ...DEFAULT }), 'node "a" can only delete pods with spec.nodeName set to itself');
  await refused(
    engine.createSubresource(pods, asNodeA, { name: 'other', ...DEFAULT }, 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: {} }),
    'can only evict pods',
  );
  await engine.delete(pods, asNodeA, { name: 'web', ...DEFAULT }, { gracePeriodSeconds: 0 });
});

test('a mirror pod is of its node and names nothing', async () => {
  const { engine, ctx, definition } = world;
  const { uid = '' } = (await engine.get(definition('v1/nodes'), ctx, { name: 'a' })).object.metadata;
  const mirror = (more: { spec?: Partial<NonNullable<Pod['spec']>>; uid?: string } = {}): KubeObject => {
    const made = pod('mirror', { spec: { nodeName: 'a', ...more.spec } });
    made.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' };
    made.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: 'a', uid: more.uid ?? uid, controller: true }];
    return made as KubeObject;
  };
  const create = (object: KubeObject): Promise<unknown> => engine.create(definition('v1/pods'), asNodeA, 'default', object);
  await assert.rejects(create(mirror({ uid: 'other' })), /UID mismatch/);
  await assert.rejects(create(mirror({ spec: { volumes: [{ name: 'v', secret: { secretName: 'x' } }] } })), /can not create pods that reference secrets/);
  await create(mirror());
});

test('tokens are for pods of the node', async () => {
  const { engine, ctx, definition } = world;
  const accounts = definition('v1/serviceaccounts');
  const token = async (podName: string, audiences: string[], uid?: string): Promise<unknown> => {
    const { object } = await engine.get(definition('v1/pods'), ctx, { name: podName, ...DEFAULT });
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: podName, uid: uid ?? object.metadata.uid };
    return engine.createSubresource(accounts, asNodeA, { name: 'default', ...DEFAULT }, 'token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: { audiences, boundObjectRef },
    } as KubeObject);
  };
  engine.setCreateHandler({ group: '', plural: 'serviceaccounts', subresource: 'token' }, async (_ctx, _key, body) => body);
  await token('web', []);
  await assert.rejects(token('web', ['vault']), /system:node:a is not authorized to request tokens for audience "vault"/);
  await assert.rejects(token('other', []), /bound to a pod scheduled on a different node/);
  await assert.rejects(token('web', [], 'x'), /does not match the UID in record/);
});

test('a node asks for certificates in its own name', async () => {
  const { engine, definition } = world;
  const ask = (name: string, commonName: string): Promise<unknown> =>
    engine.create(definition('certificates.k8s.io/v1/certificatesigningrequests'), asNodeA, undefined, {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec: {
        request: Buffer.from(newRequest({ commonName, organizations: ['system:nodes'] }).request).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: ['client auth', 'digital signature'],
      },
    } as KubeObject);
  await ask('own', 'system:node:a');
  await assert.rejects(ask('foreign', 'system:node:b'), /can only create a node CSR with CN=system:node:a/);
});
