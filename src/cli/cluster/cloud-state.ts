/** What the simulated cloud is told and what it remembers. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { instanceType } from '../../cloud/catalogue/index.ts';
import type { CloudState } from '../../cloud/local/index.ts';
import type { Instance, NodePool } from '../../cloud/provider.ts';
import type { PoolConfig } from '../config.ts';

/** Throws when the catalogue no longer has the type. */
export function nodePool({ name, type, min, max }: PoolConfig): NodePool {
  const found = instanceType(type);
  if (found === undefined) throw new Error(`node pool '${name}': there is no instance type '${type}'; choose another with argosy up --node-type`);
  return { name, instanceType: found, min, max };
}

/** In a file; written whole or not at all. */
export function cloudState(path: string): CloudState {
  return {
    load() {
      try {
        return JSON.parse(readFileSync(path, 'utf8')) as Instance[];
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw new Error(`${path} cannot be read: ${(error as Error).message}; remove it to let the cloud begin anew`, { cause: error });
      }
    },
    save(instances) {
      writeFileSync(`${path}.new`, JSON.stringify(instances), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}
