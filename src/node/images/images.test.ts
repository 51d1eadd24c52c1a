import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { phaseIs, TestNode, whyNot } from '../testing.ts';
import { findProgram } from '../oci/commands.ts';
import { formatReference, parseReference } from './reference.ts';
import { RegistryImages } from './registry-images.ts';

for (const [text, full] of [
  ['nginx', 'docker.io/library/nginx:latest'],
  ['stefanprodan/podinfo:6.0.0', 'docker.io/stefanprodan/podinfo:6.0.0'],
  ['localhost/x', 'localhost/x:latest'],
  ['127.0.0.1:5000/a/b:c', '127.0.0.1:5000/a/b:c'],
  [`x@sha256:${'a'.repeat(64)}`, `docker.io/library/x@sha256:${'a'.repeat(64)}`],
] as const)
  test(`${text} stands for ${full}`, () => assert.equal(formatReference(parseReference(text)), full));

for (const text of ['', 'UPPER', 'a b', 'a:b:c', '-x', 'x@sha256:1']) {
  test(`'${text}' is no image name`, () => assert.throws(() => parseReference(text), { reason: 'InvalidImageName' }));
}

const busybox = findProgram('busybox');
const programs = ['skopeo', 'umoci', 'docker-registry'].filter((name) => findProgram(name) === undefined);
const skip = whyNot() ?? (busybox === undefined ? 'needs busybox-static' : programs.length > 0 ? `needs ${programs.join(', ')}` : false);

describe('real images', { skip }, () => {
  let dir: string;
  let registry: ChildProcess;
  let port: number;
  let node: TestNode;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'argosy-images-'));
    const layout = join(dir, 'layout');
    const bundle = join(dir, 'bundle');
    const umoci = (...args: string[]) => execFileSync('umoci', args, { stdio: 'pipe' });
    umoci('init', '--layout', layout);
    umoci('new', '--image', `${layout}:tiny`);
    umoci('unpack', '--image', `${layout}:tiny`, bundle);
    for (const name of ['bin', 'tmp', 'proc', 'sys', 'dev', 'etc']) mkdirSync(join(bundle, 'rootfs', name), { recursive: true });
    copyFileSync(busybox!, join(bundle, 'rootfs/bin/busybox'));
    for (const applet of ['sh', 'cat', 'id', 'echo', 'touch']) symlinkSync('busybox', join(bundle, 'rootfs/bin', applet));
    writeFileSync(join(bundle, 'rootfs/etc/passwd'), 'root:x:0:0::/:/bin/sh\napp:x:1234:1235::/:/bin/sh\n');
    umoci('repack', '--image', `${layout}:tiny`, bundle);
    umoci(
      'config',
      '--image',
      `${layout}:tiny`,
      '--config.entrypoint',
      '/bin/sh',
      '--config.entrypoint',
      '-c',
      '--config.cmd',
      'id -u; echo $GREETING; touch /mine && echo wrote',
      '--config.env',
      'GREETING=hello',
      '--config.user',
      'root',
    );
    port = await freePort();
    writeFileSync(
      join(dir, 'registry.yml'),
      `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${dir}/registry}}\nhttp: {addr: 127.0.0.1:${port}}\n`,
    );
    registry = spawn('docker-registry', ['serve', join(dir, 'registry.yml')], { stdio: 'ignore' });
    for (let tries = 0; ; tries++) {
      try {
        execFileSync('skopeo', ['copy', '--dest-tls-verify=false', `oci:${layout}:tiny`, `docker://127.0.0.1:${port}/tiny:1`], { stdio: 'pipe' });
        break;
      } catch (error) {
        if (tries > 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    node = await TestNode.start();
  });
  after(async () => {
    await node.stop();
    assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(node.dir));
    registry.kill();
    rmSync(dir, { recursive: true, force: true });
  });

  test('one from a registry runs with its own command, user and environment', async () => {
    await node.run('pulled', { image: `127.0.0.1:${port}/tiny:1` }, { restartPolicy: 'Never' });
    const pod = await node.until('pulled', phaseIs('Succeeded'));
    assert.equal(await node.logs('pulled'), '0\nhello\nwrote\n');
    assert.match(pod.status?.containerStatuses?.[0]?.imageID ?? '', /^127\.0\.0\.1:\d+\/tiny@sha256:[0-9a-f]{64}$/);
  });

  test("containers do not see each other's writes, and may run as another user by name", async () => {
    await node.run(
      'other',
      {
        image: `127.0.0.1:${port}/tiny:1`,
        imagePullPolicy: 'Never',
        args: ['id -u; cat /mine 2>/dev/null || echo clean'],
        securityContext: { runAsUser: 1234 },
      },
      { restartPolicy: 'Never' },
    );
    await node.until('other', phaseIs('Succeeded'));
    assert.match(await node.logs('other'), /^1234\nclean\n$/);
  });

  test('an image that was dropped in as a docker-save tar needs no registry', async () => {
    const images = join(dir, 'dropped');
    mkdirSync(images);
    execFileSync('skopeo', ['copy', `oci:${dir}/layout:tiny`, `docker-archive:${images}/tiny.tar:example.test/tiny:2`], { stdio: 'pipe' });
    const store = new RegistryImages(images);
    const image = await store.pull('example.test/tiny:2', { credentials: [], signal: AbortSignal.timeout(10_000) });
    assert.ok(image.root.kind === 'layers' && existsSync(join(image.root.lower, 'bin/busybox')));
    assert.equal(new RegistryImages(images).find('example.test/tiny:2')?.id, image.id);
  });

  test('so does one in an OCI layout', async () => {
    const images = join(dir, 'layouts');
    mkdirSync(images);
    execFileSync('skopeo', ['copy', `oci:${dir}/layout:tiny`, `oci:${images}/mine:example.test/tiny:3`], { stdio: 'pipe' });
    const image = await new RegistryImages(images).pull('example.test/tiny:3', { credentials: [], signal: AbortSignal.timeout(10_000) });
    assert.equal(image.config.env.GREETING, 'hello');
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
