/** The programs of the package, from source or bundled. */
import { join } from 'node:path';

const bundled = !import.meta.filename.endsWith('.ts');

const SOURCES = { cluster: 'cluster/main.ts', network: '../network/main.ts' } as const;

/** The file to give to node. */
export function entryOf(program: keyof typeof SOURCES): string {
  return join(import.meta.dirname, bundled ? `${program}.mjs` : SOURCES[program]);
}
