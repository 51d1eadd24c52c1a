/** Upstream's programs, built from the module in test/upstream by Go and kept in node_modules/.cache; only tests use them. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
const MODULE = join(ROOT, 'test/upstream');
/** The version of Kubernetes in the module: the reference that ours is held against. */
export const REFERENCE = /\bk8s\.io\/kubernetes (v[\d.]+)/.exec(readFileSync(join(MODULE, 'go.mod'), 'utf8'))?.[1] ?? 'unknown';

const PACKAGES = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  helm: 'helm.sh/helm/v3/cmd/helm',
  'e2e.test': 'k8s.io/kubernetes/test/e2e',
} as const;

export type Tool = keyof typeof PACKAGES;

/** The folder of the programs, for a PATH. */
export const TOOLS_DIR = join(ROOT, 'node_modules/.cache/argosy-tools/upstream', REFERENCE);

/** Why the programs cannot be built here; undefined when they can, or are there already. */
export function whyNoTools(tools: readonly Tool[]): string | undefined {
  if (tools.every((tool) => existsSync(join(TOOLS_DIR, tool)))) return undefined;
  try {
    const version = execFileSync('go', ['version'], { encoding: 'utf8' });
    const minor = Number(/go1\.(\d+)/.exec(version)?.[1] ?? 0);
    return minor >= 26 ? undefined : `needs Go 1.26 or newer, found ${version.trim()}`;
  } catch {
    return 'needs Go 1.26 and its module proxy to build upstream';
  }
}

/** The path of a program, built first if it is not there. Rejects with Go's words; minutes for the first, as all share most packages. */
export async function tool(name: Tool): Promise<string> {
  const path = join(TOOLS_DIR, name);
  if (existsSync(path)) return path;
  mkdirSync(TOOLS_DIR, { recursive: true });
  process.stdout.write(`building ${name} ${REFERENCE} (minutes the first time)\n`);
  const version = 'k8s.io/component-base/version';
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(REFERENCE) ?? [];
  const ldflags = `-s -w -X ${version}.gitVersion=${REFERENCE} -X ${version}.gitMajor=${major} -X ${version}.gitMinor=${minor} -X ${version}.gitTreeState=clean`;
  const verb = name === 'e2e.test' ? ['test', '-c'] : ['build'];
  await new Promise<void>((resolve, reject) => {
    const go = spawn('go', [...verb, '-trimpath', '-ldflags', ldflags, '-o', path, PACKAGES[name]], {
      cwd: MODULE,
      env: { ...process.env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    go.once('error', reject).once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`go could not build ${name}: exit code ${code}`))));
  });
  return path;
}
