/** `argosy logs`: what the cluster's own processes say. */
import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { UserError } from './errors.ts';
import { clusterCommand, pathsOf, type ClusterOptions } from './options.ts';

export function logsCommand(): Command {
  return clusterCommand('logs')
    .description("print the log of a cluster's own processes (of pods: kubectl logs)")
    .option('-f, --follow', 'go on printing')
    .option('-n, --lines <n>', 'how many of the last lines', '100')
    .action((options: ClusterOptions & { follow?: boolean; lines: string }) => {
      const { log } = pathsOf(options);
      if (!existsSync(log)) throw new UserError(`${log} is not there`, 'argosy list shows all clusters');
      if (!/^\d+$/.test(options.lines)) throw new UserError(`--lines: '${options.lines}': must be a number`);
      const tail = spawn('tail', ['-n', options.lines, ...(options.follow ? ['-F'] : []), log], { stdio: 'inherit' });
      tail.on('close', (code) => (process.exitCode = code ?? 0));
      process.on('SIGINT', () => tail.kill('SIGINT'));
    });
}
