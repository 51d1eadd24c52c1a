/** One kubeconfig with a context for each cluster of a fleet. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';

interface Kubeconfig {
  clusters: unknown[];
  users: unknown[];
  contexts: unknown[];
}

/** The first file's context is the current one. */
export function mergeKubeconfigs(files: readonly string[], into: string): void {
  const parts = files.filter((path) => existsSync(path)).map((path) => parse(readFileSync(path, 'utf8')) as Kubeconfig & { 'current-context': string });
  const merged = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: parts.flatMap(({ clusters }) => clusters),
    users: parts.flatMap(({ users }) => users),
    contexts: parts.flatMap(({ contexts }) => contexts),
    'current-context': parts[0]?.['current-context'] ?? '',
  };
  writeFileSync(`${into}.new`, stringify(merged), { mode: 0o600 });
  renameSync(`${into}.new`, into);
}
