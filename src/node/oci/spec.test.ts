import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerResources } from './resources.ts';
import { mountsBelow } from './mounts.ts';
import { buildSpec, type ContainerSettings } from './spec.ts';

interface Spec {
  process: { env: string[]; capabilities: { bounding: string[]; effective: string[] }; noNewPrivileges: boolean };
  mounts: { destination: string; options: string[] }[];
  linux: { namespaces: { type: string; path?: string }[]; maskedPaths?: string[] };
}

const settings: ContainerSettings = {
  hostname: 'pod',
  networkNamespace: '/run/netns/x',
  pidNamespace: 'own',
  hostIpc: false,
  rootfs: '/r',
  readOnlyRootFilesystem: false,
  args: ['a'],
  env: { A: '1' },
  workingDir: '',
  user: { uid: 0, gid: 0, additionalGids: [] },
  tty: false,
  mounts: [],
  privileged: false,
  allowPrivilegeEscalation: true,
  capabilities: { add: [], drop: [], held: ['CHOWN', 'SYS_ADMIN'] },
  resources: { cpuRequestMillis: 0, cpuLimitMillis: 0, memoryLimitBytes: 0 },
  cgroupsPath: '/argosy/x',
};
const spec = (more: Partial<ContainerSettings> = {}): Spec => buildSpec({ ...settings, ...more }) as Spec;

test('a container gets its network, a path and its name', () => {
  const { process, linux } = spec();
  assert.ok(linux.namespaces.some(({ type, path }) => type === 'network' && path === '/run/netns/x'));
  assert.ok(process.env.includes('HOSTNAME=pod') && process.env.includes('A=1') && process.env.some((entry) => entry.startsWith('PATH=')));
  assert.ok(!spec({ networkNamespace: undefined }).linux.namespaces.some(({ type }) => type === 'network'));
});

test('a container sees its own processes, those of another container, or those of the machine', () => {
  const namespaces = (more: Partial<ContainerSettings>) => spec(more).linux.namespaces;
  assert.deepEqual(
    namespaces({}).find(({ type }) => type === 'pid'),
    { type: 'pid' },
  );
  const joined = namespaces({ pidNamespace: { path: '/proc/7/ns/pid' } });
  assert.deepEqual(
    joined.find(({ type }) => type === 'pid'),
    { type: 'pid', path: '/proc/7/ns/pid' },
  );
  const shared = namespaces({ pidNamespace: 'host', hostIpc: true });
  assert.deepEqual(
    shared.filter(({ type }) => type === 'pid' || type === 'ipc'),
    [],
  );
});

const capabilities: [string, Partial<ContainerSettings>, (names: Set<string>) => boolean][] = [
  ['the usual ones', {}, (names) => names.has('CAP_CHOWN') && !names.has('CAP_SYS_ADMIN')],
  ['an added one', { capabilities: { add: ['NET_ADMIN'], drop: [], held: [] } }, (names) => names.has('CAP_NET_ADMIN') && names.has('CAP_CHOWN')],
  ['only what was added after all were dropped', { capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'], held: [] } }, (names) => names.size === 1],
  ['all there are to give when privileged', { privileged: true }, (names) => names.has('CAP_SYS_ADMIN') && names.size === 2],
];
for (const [what, more, holds] of capabilities) test(`capabilities: ${what}`, () => assert.ok(holds(new Set(spec(more).process.capabilities.bounding))));

test('another user than root holds no capabilities', () => {
  assert.deepEqual(spec({ user: { uid: 1000, gid: 0, additionalGids: [] } }).process.capabilities.effective, []);
});

test('a container may not gain privileges when told so', () => {
  assert.equal(spec({ allowPrivilegeEscalation: false }).process.noNewPrivileges, true);
  assert.equal(spec().process.noNewPrivileges, false);
});

test('paths of the kernel are masked unless privileged', () => {
  assert.ok(spec().linux.maskedPaths?.includes('/proc/kcore'));
  assert.equal(spec({ privileged: true }).linux.maskedPaths, undefined);
});

test('inner mounts come after outer ones', () => {
  const mounts = ['/a/b/c', '/a', '/a/b'].map((destination) => ({ source: '/s', destination, readOnly: true }));
  assert.deepEqual(
    spec({ mounts })
      .mounts.map(({ destination }) => destination)
      .filter((path) => path.startsWith('/a')),
    ['/a', '/a/b', '/a/b/c'],
  );
});

test('requests become shares, limits become quotas', () => {
  for (const [resources, wanted] of [
    [
      { cpuRequestMillis: 250, cpuLimitMillis: 500, memoryLimitBytes: 1000 },
      { cpu: { shares: 256, quota: 50_000, period: 100_000 }, memory: { limit: 1000 } },
    ],
    [{ cpuRequestMillis: 0, cpuLimitMillis: 0, memoryLimitBytes: 0 }, { cpu: { shares: 2 } }],
    [{ cpuRequestMillis: 0, cpuLimitMillis: 5, memoryLimitBytes: 0 }, { cpu: { shares: 5, quota: 1000, period: 100_000 } }],
  ] as const)
    assert.deepEqual(containerResources(resources), wanted);
});

test('mounts below a directory are found, the last first', () => {
  const info = ['1 2 0:1 / /a rw', '2 1 0:1 / /a/b\\040c rw', '3 1 0:1 / /ab rw'].join('\n');
  assert.deepEqual(mountsBelow(info, '/a'), ['/a/b c', '/a']);
});
