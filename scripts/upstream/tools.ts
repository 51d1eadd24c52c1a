/** Upstream's programs, built from the module in test/upstream by Go and kept where `npm ci` does not reach; only tests use them. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
const MODULE = join(ROOT, 'test/upstream');
/** The version of Kubernetes in the module: the reference that ours is held against. */
export const REFERENCE = versionIn(MODULE);

function versionIn(module: string, of = 'k8s.io/kubernetes'): string {
  const line = readFileSync(join(module, 'go.mod'), 'utf8')
    .split('\n')
    .find((each) =>
      each
        .replace(/^require/, '')
        .trim()
        .startsWith(`${of} `),
    );
  return /(v[\d.]+)/.exec(line?.split(of)[1] ?? '')?.[1] ?? 'unknown';
}

const PACKAGES = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  helm: 'helm.sh/helm/v3/cmd/helm',
  helm4: 'helm.sh/helm/v4/cmd/helm',
  'e2e.test': 'k8s.io/kubernetes/test/e2e',
  prometheus: 'github.com/prometheus/prometheus/cmd/prometheus',
} as const;

/** Programs of modules of their own, and what they are built with. */
const OTHERS: { readonly [name: string]: { module: string; of: string; tags?: string } } = {
  helm4: { module: join(MODULE, 'helm4'), of: 'helm.sh/helm/v4' },
  prometheus: { module: join(MODULE, 'prometheus'), of: 'github.com/prometheus/prometheus', tags: 'remove_all_sd,enable_kubernetes_sd' },
};

export type Tool = keyof typeof PACKAGES;

/** The folder of the programs, for a PATH: under $ARGOSY_TOOLS, else the user's cache. */
export const TOOLS_DIR = join(process.env.ARGOSY_TOOLS ?? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'argosy/tools'), 'upstream', REFERENCE);

/** Why the programs cannot be built here; undefined when they can, or are there already. */
export function whyNoTools(tools: readonly Tool[]): string | undefined {
  if (tools.every((name) => existsSync(join(dirOf(referenceOf(name)), name)))) return undefined;
  try {
    const version = execFileSync('go', ['version'], { encoding: 'utf8' });
    const minor = Number(/go1\.(\d+)/.exec(version)?.[1] ?? 0);
    return minor >= 26 ? undefined : `needs Go 1.26 or newer, found ${version.trim()}`;
  } catch {
    return 'needs Go 1.26 and its module proxy to build upstream';
  }
}

/** The path of a program, built first if it is not there. Rejects with Go's words; minutes for the first, as all share most packages. */
export function tool(name: Tool): Promise<string> {
  return build(OTHERS[name]?.module ?? MODULE, referenceOf(name), name);
}

function referenceOf(name: Tool): string {
  const other = OTHERS[name];
  return other === undefined ? REFERENCE : versionIn(other.module, other.of);
}

function dirOf(reference: string): string {
  return join(TOOLS_DIR, '..', reference);
}

/** The older versions are modules of their own in test/upstream/kubectl. */
const OLDER_KUBECTL = ['v1.30', 'v1.34'] as const;
export type KubectlVersion = (typeof OLDER_KUBECTL)[number] | 'v1.37';
/** As old as clusters in use have, of the schema that Argosy speaks, and the reference. */
export const KUBECTL_VERSIONS: readonly KubectlVersion[] = [...OLDER_KUBECTL, 'v1.37'];

/** The path of kubectl of one version, built first if it is not there. */
export function kubectlOf(version: KubectlVersion): Promise<string> {
  if (version === 'v1.37') return tool('kubectl');
  const module = join(MODULE, 'kubectl', version);
  return build(module, versionIn(module), 'kubectl');
}

async function build(module: string, reference: string, name: Tool): Promise<string> {
  const dir = dirOf(reference);
  const path = join(dir, name);
  if (existsSync(path)) return path;
  mkdirSync(dir, { recursive: true });
  process.stdout.write(`building ${name} ${reference} (minutes the first time)\n`);
  const version = 'k8s.io/component-base/version';
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(reference) ?? [];
  const ldflags = `-s -w -X ${version}.gitVersion=${reference} -X ${version}.gitMajor=${major} -X ${version}.gitMinor=${minor} -X ${version}.gitTreeState=clean`;
  const tags = OTHERS[name]?.tags;
  const verb = [...(name === 'e2e.test' ? ['test', '-c'] : ['build']), ...(tags === undefined ? [] : ['-tags', tags])];
  await new Promise<void>((resolve, reject) => {
    const go = spawn('go', [...verb, '-trimpath', '-ldflags', ldflags, '-o', path, PACKAGES[name]], {
      cwd: module,
      env: { ...process.env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    go.once('error', reject).once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`go could not build ${name}: exit code ${code}`))));
  });
  return path;
}
