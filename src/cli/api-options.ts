/** Options of `argosy up` about the API server. They are settled like all others: kept until they are changed. */
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadPolicy } from '../apiserver/audit/load.ts';
import type { AuditConfig, ClusterConfig } from './config.ts';
import { UserError } from './errors.ts';
import type { ClusterPaths } from './home.ts';

/** The part of a cluster's settings that these options are about; absent: off. */
export type ApiSettings = Pick<ClusterConfig, 'audit'>;

export interface ApiOptions {
  auditPolicy?: string;
  auditLog?: string;
  auditLogMaxsize?: string;
  auditLogMaxbackup?: string;
}

const OFF = 'off';
const MAX_SIZE_MB = 100;
const MAX_BACKUPS = 10;

export function addApiOptions(command: Command): Command {
  return command
    .option('--audit-policy <file>', `write down requests to the API as this audit.k8s.io/v1 Policy says; '${OFF}' ends it`)
    .option('--audit-log <file>', 'where to (default: logs/audit.log under the data)')
    .option('--audit-log-maxsize <MB>', `a log this large is put aside (default: ${MAX_SIZE_MB})`)
    .option('--audit-log-maxbackup <n>', `how many of those are kept, 0: all (default: ${MAX_BACKUPS})`);
}

/** The settings as they are to be. Rejects with a UserError for what cannot be. */
export async function apiWishes(options: ApiOptions, before: ClusterConfig | undefined, paths: ClusterPaths): Promise<ApiSettings> {
  const audit = await auditWish(options, before?.audit, paths);
  return audit === undefined ? {} : { audit };
}

async function auditWish(options: ApiOptions, before: AuditConfig | undefined, paths: ClusterPaths): Promise<AuditConfig | undefined> {
  const { auditPolicy, auditLog, auditLogMaxsize, auditLogMaxbackup } = options;
  if (auditPolicy === OFF) return undefined;
  const policy = auditPolicy === undefined ? before?.policy : resolve(auditPolicy);
  if (policy === undefined) {
    if (auditLog !== undefined || auditLogMaxsize !== undefined || auditLogMaxbackup !== undefined)
      throw new UserError('an audit log needs a policy that says what to write', 'say --audit-policy FILE');
    return undefined;
  }
  await loadPolicy(policy).catch((error: unknown) => {
    throw new UserError(`--audit-policy: ${(error as Error).message}`, 'mend the file, or say --audit-policy off');
  });
  return {
    policy,
    log: auditLog === undefined ? (before?.log ?? join(paths.dataDir, 'logs', 'audit.log')) : resolve(auditLog),
    maxSizeMb: count(auditLogMaxsize, 1, '--audit-log-maxsize') ?? before?.maxSizeMb ?? MAX_SIZE_MB,
    maxBackups: count(auditLogMaxbackup, 0, '--audit-log-maxbackup') ?? before?.maxBackups ?? MAX_BACKUPS,
  };
}

function count(value: string | undefined, least: number, where: string): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < least) throw new UserError(`${where}: '${value}': must be a whole number from ${least}`);
  return number;
}
