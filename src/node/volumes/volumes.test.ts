import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Pod, PodSpec } from '../../kube/types.ts';
import { writeAtomically } from './atomic-dir.ts';
import type { PayloadContext } from './payload.ts';
import { PodVolumes } from './volumes.ts';

const dir = mkdtempSync(join(tmpdir(), 'argosy-volumes-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const data: Record<string, string> = { color: 'blue', size: 'L' };
const podWith = (volumes: PodSpec['volumes']): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', labels: { app: 'web' } },
  spec: { containers: [{ name: 'c' }], volumes },
});
const context = (pod: Pod): PayloadContext => ({
  pod,
  podIp: '10.0.0.1',
  hostIp: undefined,
  allocatable: { cpuMillis: 0, memoryBytes: 0, ephemeralStorageBytes: 0 },
  token: (audience) => Promise.resolve(`token for ${audience}`),
  lookups: {
    configMap: (name) =>
      Promise.resolve(name === 'settings' ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data, binaryData: { bin: 'AAE=' } } : undefined),
    secret: () => Promise.resolve(undefined),
    volume: () => Promise.reject(new Error('there are no claims here')),
  },
});
let pods = 0;
async function setUp(volumes: PodSpec['volumes']): Promise<{ path: string; volumes: PodVolumes; pod: Pod }> {
  const podDir = join(dir, String(pods++));
  const pod = podWith(volumes);
  const made = new PodVolumes(podDir);
  await made.setUp(pod, context(pod));
  return { path: join(podDir, 'volumes', 'v'), volumes: made, pod };
}

test('a config map becomes files, and changes in one step', async () => {
  const { path, volumes, pod } = await setUp([{ name: 'v', configMap: { name: 'settings' } }]);
  assert.equal(readFileSync(join(path, 'color'), 'utf8'), 'blue');
  assert.deepEqual([...readFileSync(join(path, 'bin'))], [0, 1]);
  const before = readlinkSync(join(path, '..data'));
  data.color = 'green';
  delete data.size;
  await volumes.refresh(pod, context(pod));
  assert.notEqual(readlinkSync(join(path, '..data')), before);
  assert.equal(readFileSync(join(path, 'color'), 'utf8'), 'green');
  assert.deepEqual(
    readdirSync(path)
      .filter((name) => !name.startsWith('..'))
      .toSorted(),
    ['bin', 'color'],
  );
  assert.equal(readdirSync(path).filter((name) => name.startsWith('..v')).length, 1);
});

test('items choose keys, paths and modes', async () => {
  const { path } = await setUp([{ name: 'v', configMap: { name: 'settings', items: [{ key: 'color', path: 'deep/name', mode: 0o400 }] } }]);
  assert.equal(readFileSync(join(path, 'deep/name'), 'utf8'), data.color);
  assert.equal(statSync(join(path, 'deep/name')).mode & 0o777, 0o400);
});

test('a projected volume joins its sources', async () => {
  const { path } = await setUp([
    {
      name: 'v',
      projected: {
        sources: [
          { configMap: { name: 'settings', items: [{ key: 'color', path: 'color' }] } },
          { serviceAccountToken: { path: 'token', audience: 'a' } },
          { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
          { secret: { name: 'gone', optional: true } },
        ],
      },
    },
  ]);
  assert.deepEqual(
    ['token', 'labels'].map((name) => readFileSync(join(path, name), 'utf8')),
    ['token for a', 'app="web"'],
  );
});

for (const [what, volume, message] of [
  ['a config map that is missing', { configMap: { name: 'x' } }, 'MountVolume.SetUp failed for volume "v" : configmap "x" not found'],
  [
    'a key that is missing',
    { configMap: { name: 'settings', items: [{ key: 'k', path: 'p' }] } },
    'MountVolume.SetUp failed for volume "v" : configmap references non-existent config key: k',
  ],
  ['a secret that is missing', { secret: { secretName: 'x' } }, 'MountVolume.SetUp failed for volume "v" : secret "x" not found'],
] as const)
  test(`${what} is named`, () => assert.rejects(setUp([{ name: 'v', ...volume } as NonNullable<PodSpec['volumes']>[number]]), { message }));

test('a mount may show a part of a volume, never more', async () => {
  const { path, volumes, pod } = await setUp([{ name: 'v', emptyDir: {} }]);
  const mounts = (subPath: string) => volumes.mountsOf(pod, { name: 'c', volumeMounts: [{ name: 'v', mountPath: '/m', subPath }] }, {});
  assert.deepEqual(mounts('a/b'), [{ source: join(path, 'a/b'), destination: '/m', readOnly: false }]);
  assert.throws(() => mounts('../..'), /must be a relative path/);
});

test('nothing is written when nothing has changed', () => {
  const payload = new Map([['f', { data: Buffer.from('1'), mode: 0o644 }]]);
  assert.equal(writeAtomically(join(dir, 'same'), payload), true);
  assert.equal(writeAtomically(join(dir, 'same'), payload), false);
});
