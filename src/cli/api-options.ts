/** Options of `argosy up` about the API server. They are settled like all others: kept until they are changed. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { auditor, loadPolicy, type Auditor, type AuditWorld } from '../apiserver/audit/index.ts';
import { SIGNING_ALGS, type OidcOptions } from '../apiserver/authn/oidc.ts';
import type { AuditConfig, ClusterConfig, OidcConfig } from './config.ts';
import { UserError } from './errors.ts';
import type { ClusterPaths } from './home.ts';

/** The part of a cluster's settings that these options are about; absent: off. */
export type ApiSettings = Pick<ClusterConfig, 'audit' | 'oidc'>;

export interface ApiOptions {
  auditPolicy?: string;
  auditLog?: string;
  auditLogMaxsize?: string;
  auditLogMaxbackup?: string;
  oidcIssuerUrl?: string;
  oidcClientId?: string;
  oidcUsernameClaim?: string;
  oidcUsernamePrefix?: string;
  oidcGroupsClaim?: string;
  oidcGroupsPrefix?: string;
  oidcRequiredClaim?: string[];
  oidcCaFile?: string;
  oidcSigningAlgs?: string;
}

const OFF = 'off';
const MAX_SIZE_MB = 100;
const MAX_BACKUPS = 10;

export function addApiOptions(command: Command): Command {
  return command
    .option('--audit-policy <file>', `write down requests to the API as this audit.k8s.io/v1 Policy says; '${OFF}' ends it`)
    .option('--audit-log <file>', 'where to (default: logs/audit.log under the data)')
    .option('--audit-log-maxsize <MB>', `a log this large is put aside (default: ${MAX_SIZE_MB})`)
    .option('--audit-log-maxbackup <n>', `how many of those are kept, 0: all (default: ${MAX_BACKUPS})`)
    .option('--oidc-issuer-url <url>', `take tokens of this OpenID Connect provider, too; '${OFF}' ends it`)
    .option('--oidc-client-id <id>', 'for whom they must be')
    .option('--oidc-username-claim <claim>', "what names the user (default: 'sub')")
    .option('--oidc-username-prefix <prefix>', "goes before the name; '-': nothing (default: the issuer and '#')")
    .option('--oidc-groups-claim <claim>', "what names the user's groups")
    .option('--oidc-groups-prefix <prefix>', 'goes before each of them')
    .option('--oidc-required-claim <key=value...>', 'what tokens must say')
    .option('--oidc-ca-file <file>', "the provider's authority (default: the machine's)")
    .option('--oidc-signing-algs <algs>', 'a list, with commas (default: RS256)');
}

/** The settings as they are to be. Rejects with a UserError for what cannot be. */
export async function apiWishes(options: ApiOptions, before: ClusterConfig | undefined, paths: ClusterPaths): Promise<ApiSettings> {
  const audit = await auditWish(options, before?.audit, paths);
  const oidc = oidcWish(options, before?.oidc);
  return { ...(audit === undefined ? {} : { audit }), ...(oidc === undefined ? {} : { oidc }) };
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

function oidcWish(options: ApiOptions, before: OidcConfig | undefined): OidcConfig | undefined {
  if (options.oidcIssuerUrl === OFF) return undefined;
  const wished = given({
    issuerUrl: options.oidcIssuerUrl,
    clientId: options.oidcClientId,
    usernameClaim: options.oidcUsernameClaim,
    usernamePrefix: options.oidcUsernamePrefix,
    groupsClaim: options.oidcGroupsClaim,
    groupsPrefix: options.oidcGroupsPrefix,
    requiredClaims: options.oidcRequiredClaim && requiredClaims(options.oidcRequiredClaim),
    caFile: options.oidcCaFile && resolve(options.oidcCaFile),
    signingAlgs: options.oidcSigningAlgs?.split(','),
  });
  if (before === undefined && Object.keys(wished).length === 0) return undefined;
  const { issuerUrl = '', clientId = '', ...rest } = { ...before, ...wished };
  if (issuerUrl === '' || clientId === '') throw new UserError('--oidc-issuer-url and --oidc-client-id belong together', 'say both');
  if (!URL.canParse(issuerUrl) || new URL(issuerUrl).protocol !== 'https:') throw new UserError(`--oidc-issuer-url: '${issuerUrl}': must begin with https://`);
  for (const alg of rest.signingAlgs ?? [])
    if (!SIGNING_ALGS.includes(alg)) throw new UserError(`--oidc-signing-algs: '${alg}': must be among ${SIGNING_ALGS.join(', ')}`);
  if (rest.caFile !== undefined && !existsSync(rest.caFile)) throw new UserError(`--oidc-ca-file: there is no file ${rest.caFile}`);
  return { issuerUrl, clientId, ...rest };
}

/** Without what was not said. */
function given(wishes: { [K in keyof OidcConfig]?: OidcConfig[K] | undefined }): Partial<OidcConfig> {
  return Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined)) as Partial<OidcConfig>;
}

function requiredClaims(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UserError(`--oidc-required-claim: '${pair}': must be like key=value`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** What is asked of the API is written down from now on. Rejects with an Error when policy or log cannot be used. */
export async function openAudit({ policy, log, maxSizeMb, maxBackups }: AuditConfig, world: AuditWorld): Promise<Auditor> {
  return auditor({ policy: await loadPolicy(policy), log: { path: log, maxBytes: maxSizeMb * 1024 * 1024, maxBackups } }, world);
}

/** As the API server takes it. Throws an Error when the authority cannot be read. */
export function oidcOptions({ caFile, ...options }: OidcConfig): OidcOptions {
  return { ...options, ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }) };
}
