/** `argosy list`: the clusters of this user. */
import { Command } from 'commander';
import { readConfig } from './config.ts';
import { connect } from './control.ts';
import { clusterNames, clusterPaths } from './home.ts';
import { table } from './table.ts';

export function listCommand(): Command {
  return new Command('list')
    .alias('ls')
    .description('list clusters')
    .action(async () => {
      const rows: string[][] = [];
      for (const name of clusterNames()) {
        const paths = clusterPaths(name);
        const connection = await connect(paths.controlSocket);
        connection?.close();
        rows.push([name, connection === undefined ? 'down' : 'up', String(readConfig(paths)?.port ?? ''), paths.dataDir]);
      }
      process.stdout.write(rows.length === 0 ? 'no clusters; argosy up makes one\n' : table(['NAME', 'STATE', 'PORT', 'DATA'], rows));
    });
}
