/** Options that several commands share. */
import { Command } from 'commander';
import { checkName, DEFAULTS } from './config.ts';
import { clusterPaths, type ClusterPaths } from './home.ts';

export interface ClusterOptions {
  name: string;
  data?: string;
}

/** A command about one cluster, with --name and --data. */
export function clusterCommand(name: string): Command {
  return new Command(name)
    .option('--name <name>', 'name of the cluster', DEFAULTS.name)
    .option('--data <dir>', 'where the cluster keeps its data (default: ~/.argosy/NAME)');
}

/** Throws a UserError for a bad name. */
export function pathsOf(options: ClusterOptions): ClusterPaths {
  return clusterPaths(checkName(options.name, '--name'), options.data);
}
