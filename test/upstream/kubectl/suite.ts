/** Several versions of kubectl run the same commands against kube-apiserver and ours, with controllers; what they print is compared. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { KUBECTL_VERSIONS, kubectlOf, type KubectlVersion } from '../../../scripts/upstream/tools.ts';
import { builtinResources } from '../../../src/apiserver/resources/index.ts';
import { runOurControllers, startTheirControllers } from '../controllers/start.ts';
import { differingLines } from '../differential/compare.ts';
import { startArgosy, startUpstream, type Peer } from '../peer.ts';
import type { Suite } from '../suite.ts';
import { reasonFor, type CommandDifference } from './known.ts';
import { normalized, runIn, type Place } from './run.ts';

const HERE = import.meta.dirname;
/** Scripts at once: kubectl is busy, not waiting. */
const AT_ONCE = 2;

/** Those whose work commands wait for or show. */
const CONTROLLERS = [
  ...['deployment', 'replicaset', 'statefulset', 'daemonset', 'job', 'cronjob', 'replicationcontroller', 'namespace', 'serviceaccount', 'garbage-collector'],
  ...[
    'disruption',
    'node-lifecycle',
    'persistentvolume-binder',
    'persistentvolumeclaim-protection',
    'endpointslice',
    'endpoints',
    'resourcequota',
    'certificatesigningrequest-signing',
    'certificatesigningrequest-approving',
    'clusterrole-aggregation',
    'root-ca-certificate-publisher',
  ],
].map((name) => `${name}-controller`);

export const kubectl: Suite = {
  name: 'kubectl',
  title: 'The same kubectl commands to kube-apiserver and Argosy',
  tools: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'],
  whyNot() {
    for (const program of ['openssl', 'curl', 'bash']) {
      try {
        execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
      } catch {
        return `needs ${program}`;
      }
    }
    return undefined;
  },
  async run({ dir, filter, log }) {
    const abort = new AbortController();
    const running: Promise<unknown>[] = [];
    const only = filter.includes('kubectl ') ? filter : '';
    const work = KUBECTL_VERSIONS.flatMap((version) => scripts().map((script) => ({ version, script }))).filter(
      ({ version, script }) => only !== '' || `${version} ${script}`.includes(filter),
    );
    const programs = new Map<KubectlVersion, string>();
    for (const version of new Set(work.map((one) => one.version))) programs.set(version, await kubectlOf(version));
    const [upstream, argosy] = await Promise.all([startUpstream(join(dir, 'upstream')), startArgosy(join(dir, 'argosy'))]);
    try {
      const authority = join(upstream.dir, 'ca.key');
      writeFileSync(authority, upstream.pki.caKey, { mode: 0o600 });
      await startTheirControllers(upstream, CONTROLLERS, [
        `--cluster-signing-cert-file=${join(upstream.dir, 'ca.crt')}`,
        `--cluster-signing-key-file=${authority}`,
      ]);
      running.push(runOurControllers(argosy, abort.signal));
      const files = prepareFiles(dir);
      const outcomes: { ran: number; differences: CommandDifference[] }[] = [];
      const next = async (): Promise<void> => {
        for (let one = work.shift(); one !== undefined; one = work.shift()) {
          outcomes.push(await runScript({ ...one, program: programs.get(one.version) ?? '', dir, files, peers: [upstream, argosy], only }));
          log(`${one.version} ${one.script} is done`);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, next));
      return report(outcomes, log);
    } finally {
      abort.abort();
      await Promise.allSettled(running);
      await Promise.all([upstream.stop(), argosy.stop()]);
      await rm(dir, { recursive: true, force: true });
    }
  },
};

function scripts(): string[] {
  return readdirSync(join(HERE, 'scripts')).map((file) => file.replace('.sh', ''));
}

/** What the scripts read: the same for both servers, keys too. */
function prepareFiles(dir: string): string {
  const files = join(dir, 'files');
  cpSync(join(HERE, 'files'), files, { recursive: true });
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: files, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-subj', '/CN=tls.example.test', '-days', '3650', '-keyout', 'tls.key', '-out', 'tls.crt');
  openssl('req', '-new', ...key, '-subj', '/CN=jane', '-keyout', 'jane.key', '-out', 'jane.csr');
  writeFileSync(join(files, 'csr.b64'), readFileSync(join(files, 'jane.csr')).toString('base64'));
  return files;
}

interface ScriptRun {
  version: KubectlVersion;
  program: string;
  script: string;
  dir: string;
  files: string;
  peers: readonly [Peer, Peer];
  /** Only differences of this command are told; all run, as they build on each other. */
  only: string;
}

async function runScript({ version, program, script, dir, files, peers, only }: ScriptRun) {
  const namespace = `${script}-${version.replace(/\D/g, '')}`;
  const places = (await Promise.all(peers.map((peer) => placeOf(peer, namespace, program, dir, files)))) as [Place, Place];
  const differences: CommandDifference[] = [];
  const commands = commandsOf(script);
  for (const command of commands) {
    const [theirs, ours] = await Promise.all([runIn(places[0], command), runIn(places[1], command)]);
    const [a, b] = [normalized(theirs, places[0]), normalized(ours, places[1])];
    if (a !== b && command.includes(only)) differences.push({ version, command, upstream: a, argosy: b });
  }
  return { ran: commands.length, differences };
}

function commandsOf(script: string): string[] {
  const lines = readFileSync(join(HERE, 'scripts', `${script}.sh`), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  if (script !== 'explain') return lines;
  const names = builtinResources.map(({ plural, group }) => (group === '' ? plural : `${plural}.${group}`));
  return [...lines, ...[...new Set(names)].map((name) => `cat explain.${name}.txt`)];
}

async function placeOf(peer: Peer, namespace: string, program: string, dir: string, files: string): Promise<Place> {
  const cwd = join(dir, `${peer.name}-${namespace}`);
  const bin = join(cwd, 'bin');
  cpSync(files, cwd, { recursive: true });
  mkdirSync(bin);
  execFileSync('ln', ['-s', program, join(bin, 'kubectl')]);
  const kubeconfig = join(cwd, 'kubeconfig');
  cpSync(peer.kubeconfig, kubeconfig);
  const place: Place = { cwd, bin, kubeconfig, namespace, server: peer.server };
  await runIn(
    place,
    `kubectl create namespace $NS && kubectl config rename-context $(kubectl config current-context) here && kubectl config set-context --current --namespace=$NS`,
  );
  const ready = await runIn(place, 'until kubectl get serviceaccount default; do sleep 0.2; done');
  if (ready.code !== 0) throw new Error(`${peer.name}: no service account in ${namespace}: ${ready.stderr}`);
  return place;
}

function report(outcomes: readonly { ran: number; differences: CommandDifference[] }[], log: (text: string) => void) {
  const ran = outcomes.reduce((sum, outcome) => sum + outcome.ran, 0);
  const all = outcomes.flatMap(({ differences }) => differences);
  const meant = Map.groupBy(all, (difference) => reasonFor(difference) ?? '');
  const open = meant.get('') ?? [];
  meant.delete('');
  for (const difference of open) log(`${difference.version}: ${difference.command}\n${differingLines({ name: '', request: '', ...difference })}`);
  const byCommand = Map.groupBy(open, ({ command }) => command);
  return {
    summary: `${ran} commands of kubectl ${KUBECTL_VERSIONS.join(', ')}: ${ran - all.length} print the same, ${all.length - open.length} differ for a reason, ${open.length} differ and should not`,
    details: [
      ...[...meant].map(([reason, differences]) => `- ${differences.length} differ: ${reason}`),
      ...(byCommand.size === 0 ? [] : ['', 'Still to be mended:', '']),
      ...[...byCommand].map(([command, differences]) => `- \`${command}\` (${differences.map(({ version }) => version).join(', ')})`),
    ],
    failed: open.length,
  };
}
