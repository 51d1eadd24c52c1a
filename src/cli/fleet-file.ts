/** Reads fleet.yaml: for now, one cluster. */
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
  type PoolConfig,
  type Wishes,
} from './config.ts';
import { UserError } from './errors.ts';

type Fields = Record<string, unknown>;
type Readers<T> = { [field: string]: (value: unknown, where: string, into: T) => void };

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

const POOL_FIELDS: Readers<Partial<PoolConfig>> = {
  name: (value, where, into) => (into.name = checkName(String(value), where)),
  type: (value, where, into) => (into.type = checkInstanceType(value, where)),
  nodes: (value, where, into) => void Object.assign(into, checkNodes(value, where)),
};

/** Throws a UserError that names the file and the field. */
export function readFleetFile(file: string): Wishes {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`${file}: ${(error as Error).message}`);
  }
  return parseFleet(source, file);
}

export function parseFleet(source: string, file: string): Wishes {
  let document: unknown;
  try {
    document = parse(source);
  } catch (error) {
    throw new UserError(`${file}: ${(error as Error).message}`);
  }
  const { clusters, ...unknown } = object(document ?? {}, file);
  const [stray] = Object.keys(unknown);
  if (stray !== undefined) throw new UserError(`${file}: ${stray}: unknown field; the file holds 'clusters', a list`);
  if (!Array.isArray(clusters) || clusters.length !== 1) throw new UserError(`${file}: clusters: must be a list with exactly one cluster`);
  return read(object(clusters[0], `${file}: clusters[0]`), CLUSTER_FIELDS, `${file}: clusters[0]`, {});
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

function read<T>(fields: Fields, readers: Readers<T>, where: string, into: T): T {
  for (const [field, value] of Object.entries(fields)) {
    const reader = readers[field];
    if (reader === undefined) throw new UserError(`${where}.${field}: unknown field; known are ${Object.keys(readers).join(', ')}`);
    reader(value, `${where}.${field}`, into);
  }
  return into;
}

function object(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UserError(`${where}: must be an object`);
  return value as Fields;
}
