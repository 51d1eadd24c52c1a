/** Reads fleet.yaml: one cluster, or a hub and its members. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import {
  checkDuration,
  checkInstanceType,
  checkMetrics,
  checkName,
  checkNodes,
  checkOneOf,
  checkPort,
  EXPANDERS,
  type Place,
  type PoolConfig,
  type Wishes,
} from './config.ts';
import { UserError } from './errors.ts';

type Fields = Record<string, unknown>;
type Readers<T> = { [field: string]: (value: unknown, where: string, into: T) => void };

/** One cluster of the file; without a name where it is the only one. */
export interface FileCluster extends Place {
  isHub: boolean;
  wishes: Wishes;
}

export interface FleetFile {
  /** Of the fleet. */
  name?: string;
  clusters: FileCluster[];
}

const CLUSTER_FIELDS: Readers<Wishes> = {
  name: (value, where, into) => (into.name = checkName(String(value), where)),
  port: (value, where, into) => (into.port = checkPort(value, where)),
  bootDelay: (value, where, into) => (into.bootDelayMs = checkDuration(value, where)),
  scaleDownAfter: (value, where, into) => (into.scaleDownAfterMs = checkDuration(value, where)),
  expander: (value, where, into) => (into.expander = checkOneOf(value, EXPANDERS, where)),
  imagePolicy: (value, where, into) => (into.imagePolicy = checkOneOf(value, ['host', 'registry'] as const, where)),
  metrics: (value, where, into) => (into.metrics = checkMetrics(value, where)),
  nodePools: (value, where, into) => (into.pools = nodePools(value, where)),
};

const PLACE_FIELDS = ['region', 'zone', 'provider'] as const;

const POOL_FIELDS: Readers<Partial<PoolConfig>> = {
  name: (value, where, into) => (into.name = checkName(String(value), where)),
  type: (value, where, into) => (into.type = checkInstanceType(value, where)),
  nodes: (value, where, into) => void Object.assign(into, checkNodes(value, where)),
};

/** Throws a UserError that names the file and the field. */
export function readFleetFile(file: string): FleetFile {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`${file}: ${(error as Error).message}`);
  }
  return parseFleet(source, file);
}

export function parseFleet(source: string, file: string): FleetFile {
  let document: unknown;
  try {
    document = parse(source);
  } catch (error) {
    throw new UserError(`${file}: ${(error as Error).message}`);
  }
  const { clusters, name, ...unknown } = object(document ?? {}, file);
  const [stray] = Object.keys(unknown);
  if (stray !== undefined) throw new UserError(`${file}: ${stray}: unknown field; the file holds 'clusters', a list, and 'name', the fleet's`);
  if (!Array.isArray(clusters) || clusters.length === 0) throw new UserError(`${file}: clusters: must be a list with at least one cluster`);
  const read = clusters.map((cluster, i) => readCluster(cluster, `${file}: clusters[${i}]`));
  if (read.length > 1) checkFleet(read, file);
  return { ...(name === undefined ? {} : { name: checkName(String(name), `${file}: name`) }), clusters: read };
}

function readCluster(value: unknown, where: string): FileCluster {
  const fields = object(value, where);
  const { hub, region, zone, provider, ...rest } = fields;
  if (hub !== undefined && typeof hub !== 'boolean') throw new UserError(`${where}.hub: must be true or false`);
  const place: Place = {};
  for (const [field, text] of Object.entries({ region, zone, provider })) {
    if (text === undefined) continue;
    if (typeof text !== 'string' || text === '') throw new UserError(`${where}.${field}: must be a text`);
    place[field as keyof Place] = text;
  }
  return { isHub: hub === true, ...place, wishes: read(rest, CLUSTER_FIELDS, where, {}, ['hub', ...PLACE_FIELDS]) };
}

/** Several clusters are a fleet: each has a name of its own, and one is the hub. */
function checkFleet(clusters: readonly FileCluster[], file: string): void {
  const names = clusters.map(({ wishes }) => wishes.name);
  const nameless = names.indexOf(undefined);
  if (nameless >= 0) throw new UserError(`${file}: clusters[${nameless}].name: is missing; each cluster of a fleet has a name of its own`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UserError(`${file}: clusters: two are named '${twice}'; give each a name of its own`);
  const hubs = clusters.filter(({ isHub }) => isHub).length;
  if (hubs !== 1) throw new UserError(`${file}: clusters: ${hubs} have 'hub: true'; exactly one of a fleet's clusters is its hub`);
}

function nodePools(value: unknown, where: string): PoolConfig[] {
  if (!Array.isArray(value) || value.length === 0) throw new UserError(`${where}: must be a list with at least one pool`);
  const pools = value.map((item, i) => {
    const at = `${where}[${i}]`;
    const pool: Partial<PoolConfig> = { name: `pool-${i + 1}`, min: 1, max: 5 };
    read(object(item, at), POOL_FIELDS, at, pool);
    if (pool.type === undefined) throw new UserError(`${at}.type: is missing; name an instance type such as g6-standard-2`);
    return pool as PoolConfig;
  });
  const names = pools.map((pool) => pool.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UserError(`${where}: two pools are named '${twice}'; give each a name of its own`);
  return pools;
}

function read<T>(fields: Fields, readers: Readers<T>, where: string, into: T, others: readonly string[] = []): T {
  for (const [field, value] of Object.entries(fields)) {
    const reader = readers[field];
    if (reader === undefined) throw new UserError(`${where}.${field}: unknown field; known are ${[...Object.keys(readers), ...others].join(', ')}`);
    reader(value, `${where}.${field}`, into);
  }
  return into;
}

function object(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UserError(`${where}: must be an object`);
  return value as Fields;
}
