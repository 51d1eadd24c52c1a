/** A cluster's settings: from options and fleet.yaml, checked once, kept in cluster.json. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { instanceType, similarTypes } from '../cloud/catalogue/index.ts';
import { isDns1123Label } from '../kube/names.ts';
import { parseDuration } from './duration.ts';
import { UserError } from './errors.ts';
import type { ClusterPaths } from './home.ts';

export const EXPANDERS = ['least-waste', 'price', 'random', 'most-pods', 'least-nodes', 'priority'] as const;
export type Expander = (typeof EXPANDERS)[number];

export interface PoolConfig {
  name: string;
  /** Of the instance catalogue: 'g6-standard-2'. */
  type: string;
  min: number;
  max: number;
}

/** What is written down of requests to the API. Paths are absolute. */
export interface AuditConfig {
  policy: string;
  log: string;
  maxSizeMb: number;
  maxBackups: number;
}

/** Whose tokens are taken besides the cluster's own; see `argosy up --help`. */
export interface OidcConfig {
  issuerUrl: string;
  clientId: string;
  usernameClaim?: string;
  usernamePrefix?: string;
  groupsClaim?: string;
  groupsPrefix?: string;
  requiredClaims?: Record<string, string>;
  /** An absolute path. */
  caFile?: string;
  signingAlgs?: string[];
}

/** What cluster.json holds. */
export interface ClusterConfig {
  name: string;
  /** Its addresses hang on it (network/addresses.ts). */
  number: number;
  /** Of the API on 127.0.0.1. */
  port: number;
  bootDelayMs: number;
  pools: PoolConfig[];
  expander: Expander;
  /** How long a node must be idle before it is given back. */
  scaleDownAfterMs: number;
  /** 'registry' turns the stand-ins that come with argosy off. */
  imagePolicy: 'host' | 'registry';
  /** 'on': a Prometheus of the cluster's own; a URL: one elsewhere; 'off' or absent: none. */
  metrics?: string;
  /** Absent: nothing is written down. */
  audit?: AuditConfig;
  oidc?: OidcConfig;
  /** 'hub': a fleet's, without nodes. */
  role?: 'hub';
  /** Name of the kubeconfig's context; absent: the cluster's. */
  context?: string;
  /** The fleet it was made with. */
  fleet?: string;
}

/** What a user may say; the rest is chosen for them. */
export type Wishes = Partial<Omit<ClusterConfig, 'number' | 'audit' | 'oidc'>>;

/** Where a member of a fleet is; said when it joins. */
export interface Place {
  region?: string;
  zone?: string;
  provider?: string;
}

const NAME_MAX = 40;
const NODES_MAX = 250;

export const DEFAULTS = {
  name: 'argosy',
  bootDelayMs: 120_000,
  pools: [{ name: 'pool-1', type: 'g6-standard-2', min: 1, max: 5 }],
  expander: 'least-waste',
  scaleDownAfterMs: 600_000,
  imagePolicy: 'host',
} as const satisfies Wishes;

/** Throws a UserError that names the field (`where`) and what may stand there. */
export function checkName(name: string, where: string): string {
  const [problem] = isDns1123Label(name);
  if (problem !== undefined) throw new UserError(`${where}: '${name}': ${problem}`);
  // It becomes part of the names of namespaces and tables.
  if (name.length > NAME_MAX) throw new UserError(`${where}: '${name}': must be no more than ${NAME_MAX} characters`);
  return name;
}

export function checkPort(value: unknown, where: string): number {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new UserError(`${where}: '${String(value)}': must be a port number from 1 to 65535`);
  return port;
}

export function checkDuration(value: unknown, where: string): number {
  try {
    return parseDuration(String(value));
  } catch (error) {
    throw new UserError(`${where}: ${(error as Error).message}`);
  }
}

/** '1..5', or '3' for a pool that neither grows nor shrinks. */
export function checkNodes(value: unknown, where: string): { min: number; max: number } {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(String(value));
  const min = Number(match?.[1]);
  const max = Number(match?.[2] ?? match?.[1]);
  if (match === null || min > max || max < 1 || max > NODES_MAX) {
    throw new UserError(`${where}: '${String(value)}': write the fewest and the most nodes like 1..5 (at most ${NODES_MAX}), or one number`);
  }
  return { min, max };
}

/** 'on', 'off', or the address of a Prometheus: http://HOST[:PORT]. */
export function checkMetrics(value: unknown, where: string): string {
  if (value === true || value === 'on') return 'on';
  if (value === false || value === 'off') return 'off';
  const text = String(value);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' || url.pathname !== '/' || url.search !== '')
    throw new UserError(`${where}: '${text}': must be on, off, or the address of a Prometheus like http://10.0.0.5:9090`);
  return url.origin;
}

export function checkInstanceType(value: unknown, where: string): string {
  const name = String(value);
  if (instanceType(name) === undefined) throw new UserError(`${where}: '${name}': there is no such instance type; some are ${similarTypes(name).join(', ')}`);
  return name;
}

export function checkOneOf<T extends string>(value: unknown, choices: readonly T[], where: string): T {
  const choice = choices.find((c) => c === value);
  if (choice === undefined) throw new UserError(`${where}: '${String(value)}': must be one of ${choices.join(', ')}`);
  return choice;
}

export function readConfig(paths: ClusterPaths): ClusterConfig | undefined {
  if (!existsSync(paths.config)) return undefined;
  try {
    return JSON.parse(readFileSync(paths.config, 'utf8')) as ClusterConfig;
  } catch (error) {
    throw new UserError(`${paths.config} cannot be read: ${(error as Error).message}`, `mend the file, or: argosy delete --data ${paths.dataDir}`);
  }
}

/** All at once or not at all, readable only by its owner. */
export function writeConfig(paths: ClusterPaths, config: ClusterConfig): void {
  mkdirSync(paths.dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(`${paths.config}.new`, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${paths.config}.new`, paths.config);
}
