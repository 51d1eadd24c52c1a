/** `argosy version` */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageRoot } from './package-root.ts';

/** Of the package. */
export const version = (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;

export function versionCommand(): Command {
  return new Command('version')
    .description('print the versions of argosy and of the Node that runs it')
    .action(() => void process.stdout.write(`argosy ${version}\nnode ${process.versions.node}\n`));
}
