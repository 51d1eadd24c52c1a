/** Patroni, of Debian: PostgreSQL whose leader is elected through the API, by Endpoints or by ConfigMaps, with what it tells of itself on pods. */
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, type Cluster } from '../../e2e/cluster.ts';
import type { Part, PartRun } from './part.ts';

const POSTGRES = '/usr/lib/postgresql';
const SCOPE = 'demo';
/** As short as it may be: what a killed leader held is free after that. */
const TTL_SECONDS = 20;
const MEMBERS = ['demo-0', 'demo-1'] as const;
const FIRST_PORT = 15_432;

type Member = (typeof MEMBERS)[number];

export const patroni: Part = {
  name: 'patroni',
  tools: [],
  whyNot() {
    try {
      execFileSync('patroni', ['--version'], { stdio: 'ignore' });
      return existsSync(POSTGRES) ? undefined : 'needs the Debian package postgresql';
    } catch {
      return 'needs the Debian packages patroni and postgresql';
    }
  },
  async run(run) {
    for (const kind of ['endpoints', 'configmaps'] as const) await elect(run, kind);
  },
};

async function elect({ cluster, holds }: PartRun, kind: 'endpoints' | 'configmaps'): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-patroni-'));
  const running = new Map<Member, ChildProcess>();
  const owner = idsOf('postgres');
  const own = (path: string): string => (chownSync(path, owner.uid, owner.gid), path);
  own(dir);
  copyFileSync(cluster.kubeconfig, join(dir, 'kubeconfig'));
  const env = { ...process.env, KUBECONFIG: own(join(dir, 'kubeconfig')), HOME: dir };
  const start = (member: Member): void => {
    const options = { env, cwd: dir, uid: owner.uid, gid: owner.gid, stdio: 'ignore' as const };
    running.set(member, spawn('/usr/bin/patroni', [join(dir, `${member}.yml`)], options));
  };
  const leaderObject = kind === 'endpoints' ? SCOPE : `${SCOPE}-leader`;
  const leader = async (): Promise<string> => {
    const output = await cluster.kubectlRaw(['get', kind, leaderObject, '-o', 'jsonpath={.metadata.annotations.leader}']);
    return output.stdout;
  };
  const states = async (): Promise<Record<string, string>> => {
    const { stdout } = await promisify(execFile)('patronictl', ['-c', join(dir, `${MEMBERS[0]}.yml`), 'list', '-f', 'json'], { env });
    return Object.fromEntries((JSON.parse(stdout) as { Member: string; Role: string; State: string }[]).map((row) => [row.Member, `${row.Role} ${row.State}`]));
  };
  const oneLeads = async (): Promise<boolean> =>
    Object.values(await states())
      .toSorted()
      .join() === 'Leader running,Replica running';
  try {
    await makePods(cluster);
    const context = (await cluster.kubectl('config', 'current-context')).trim();
    for (const [i, member] of MEMBERS.entries()) {
      writeFileSync(join(dir, `${member}.yml`), configOf({ member, port: FIRST_PORT + 2 * i, dir, kind, context }));
      own(join(dir, `${member}.yml`));
      start(member);
    }
    await holds(`by ${kind}: of two one leads, and the other follows`, async () => {
      await eventually('a leader and a replica', oneLeads, 90);
      const role = await cluster.kubectl('get', 'pods', '-l', `application=patroni,role=master`, '-o', 'jsonpath={.items[*].metadata.name}');
      assert.equal(role, await leader());
    });
    if (kind === 'endpoints')
      await holds('the Endpoints of the service have the address of the leader alone', async () => {
        const { subsets } = await cluster.json<{ subsets: { addresses: { ip: string }[]; ports: { port: number }[] }[] }>('get', 'endpoints', SCOPE);
        assert.deepEqual(
          subsets.map(({ addresses, ports }) => [addresses.map(({ ip }) => ip), ports.map(({ port }) => port)]),
          [[[hostAddress()], [FIRST_PORT + 2 * MEMBERS.indexOf((await leader()) as Member)]]],
        );
      });
    await holds(`by ${kind}: a switchover changes them`, async () => {
      const before = await leader();
      await promisify(execFile)('patronictl', ['-c', join(dir, `${before}.yml`), 'switchover', SCOPE, '--force'], { env, timeout: 60_000 });
      await eventually('the other leads', async () => (await leader()) !== before && (await oneLeads()), 60);
    });
    await holds(`by ${kind}: when the leader is killed the other leads within its time to live, and what comes back follows`, async () => {
      const before = (await leader()) as Member;
      kill(running.get(before), dataOf(dir, before));
      await eventually('the other leads', async () => ![before, ''].includes((await leader()) as Member), TTL_SECONDS + 15);
      start(before);
      await eventually('the old one follows', oneLeads, 60);
    });
  } finally {
    for (const [member, process] of running) kill(process, dataOf(dir, member));
    await cluster.kubectl('delete', 'pods,services,endpoints,configmaps', '-l', 'application=patroni', '--now');
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Members tell of themselves on the pods they would run in. */
async function makePods(cluster: Cluster): Promise<void> {
  const labels = { application: 'patroni', 'cluster-name': SCOPE };
  for (const name of MEMBERS) {
    const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'pause' }] };
    await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels }, spec }));
  }
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: SCOPE, labels }, spec: { ports: [{ port: 5432 }] } };
  await cluster.apply(JSON.stringify(service));
  await cluster.kubectl('wait', 'pods', '-l', 'application=patroni', '--for=condition=Ready', '--timeout=60s');
}

interface Place {
  member: Member;
  port: number;
  dir: string;
  kind: 'endpoints' | 'configmaps';
  context: string;
}

function configOf({ member, port, dir, kind, context }: Place): string {
  const [version] = readdirSync(POSTGRES).toSorted((a, b) => Number(b) - Number(a));
  mkdirSync(join(dir, 'sockets'), { recursive: true, mode: 0o777 });
  chownSync(join(dir, 'sockets'), idsOf('postgres').uid, idsOf('postgres').gid);
  const host = hostAddress();
  // YAML is JSON too.
  return JSON.stringify({
    scope: SCOPE,
    name: member,
    restapi: { listen: `${host}:${port + 1}`, connect_address: `${host}:${port + 1}` },
    kubernetes: {
      context,
      namespace: 'default',
      labels: { application: 'patroni' },
      use_endpoints: kind === 'endpoints',
      pod_ip: host,
      ports: [{ name: 'postgresql', port }],
    },
    bootstrap: {
      dcs: { ttl: TTL_SECONDS, loop_wait: 2, retry_timeout: 5, postgresql: { use_pg_rewind: false } },
      initdb: [{ encoding: 'UTF8' }, { auth: 'trust' }],
      pg_hba: ['local all all trust', 'host all all all trust', 'host replication all all trust'],
    },
    postgresql: {
      listen: `${host}:${port}`,
      connect_address: `${host}:${port}`,
      data_dir: dataOf(dir, member),
      bin_dir: join(POSTGRES, version ?? '', 'bin'),
      pgpass: join(dir, `${member}-pgpass`),
      authentication: { superuser: { username: 'postgres' }, replication: { username: 'replicator' } },
      parameters: { unix_socket_directories: join(dir, 'sockets'), fsync: 'off', shared_buffers: '16MB' },
      remove_data_directory_on_diverged_timelines: true,
    },
  });
}

/** Endpoints take no loopback address. */
function hostAddress(): string {
  const found = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal && !address.address.startsWith('169.254.'));
  if (found === undefined) throw new Error('this machine has no address but its loopback');
  return found.address;
}

function idsOf(user: string): { uid: number; gid: number } {
  const id = (which: string): number => Number(execFileSync('id', [which, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Patroni and its PostgreSQL, which has a session of its own, at once. */
function kill(child: ChildProcess | undefined, data: string): void {
  const pidFile = join(data, 'postmaster.pid');
  const postmaster = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : undefined;
  for (const pid of [child?.pid, postmaster]) {
    if (pid === undefined) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function dataOf(dir: string, member: Member): string {
  return join(dir, `${member}-data`);
}
