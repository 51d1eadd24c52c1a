/** Where the Go modules of upstream lie: those that test/upstream pins, brought by Go's client if they are not there. */
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../upstream/tools.ts';

const MODULES = ['k8s.io/kubernetes', 'k8s.io/api', 'k8s.io/apimachinery', 'k8s.io/apiextensions-apiserver', 'k8s.io/kube-aggregator'] as const;
export type Module = (typeof MODULES)[number];

/** The folder of each. Throws with Go's words. */
export function moduleFolders(): Record<Module, string> {
  const go = (...args: string[]): string =>
    execFileSync('go', args, { cwd: join(ROOT, 'test/upstream'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  go('mod', 'download', ...MODULES);
  const folders = go('list', '-m', '-f', '{{.Dir}}', ...MODULES)
    .trim()
    .split('\n');
  return Object.fromEntries(MODULES.map((name, i) => [name, folders[i]])) as Record<Module, string>;
}

/** Paths of the files of that name in the packages of types, a version of a group each. */
export function filesOfTypes(folders: Record<Module, string>, name: string): string[] {
  const packages: [Module, string][] = [
    ['k8s.io/api', '*/*'],
    ['k8s.io/apimachinery', 'pkg/apis/meta/v1'],
    ['k8s.io/apimachinery', 'pkg/api/resource'],
    ['k8s.io/apimachinery', 'pkg/runtime'],
    ['k8s.io/apimachinery', 'pkg/util/intstr'],
    ['k8s.io/apiextensions-apiserver', 'pkg/apis/apiextensions/v1'],
    ['k8s.io/kube-aggregator', 'pkg/apis/apiregistration/v1'],
  ];
  return packages.flatMap(([module, path]) => globSync(join(folders[module], path, name)));
}
