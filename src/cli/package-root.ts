import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

function findRoot(from: string): string {
  for (let dir = from; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return dir;
    if (dir === dirname(dir)) throw new Error(`no package.json above ${from}: the package is damaged; install it again`);
  }
}

/** The folder of the package, whether this runs from src/ or bundled from dist/. */
export const packageRoot = findRoot(import.meta.dirname);
