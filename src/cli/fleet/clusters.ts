/** Which clusters a fleet on this machine has: kept in fleet.json beside the kubeconfig that leads to all of them. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { clusterPaths, type ClusterPaths } from '../home.ts';

export interface FleetRecord {
  name: string;
  /** In the order of their making, the hub first. */
  clusters: { name: string; cluster: string; dataDir: string; isHub: boolean }[];
}

const file = (dataDir: string): string => join(dataDir, 'fleet.json');

/** Undefined when the directory is not a fleet's. */
export function readFleet({ dataDir }: Pick<ClusterPaths, 'dataDir'>): FleetRecord | undefined {
  if (!existsSync(file(dataDir))) return undefined;
  try {
    return JSON.parse(readFileSync(file(dataDir), 'utf8')) as FleetRecord;
  } catch (error) {
    throw new UserError(
      `${file(dataDir)} cannot be read: ${(error as Error).message}`,
      `mend the file, or delete the fleet's clusters one by one: argosy list`,
    );
  }
}

export function writeFleet({ dataDir }: Pick<ClusterPaths, 'dataDir'>, record: FleetRecord): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(`${file(dataDir)}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file(dataDir)}.new`, file(dataDir));
}

/** The clusters that a name means: those of a fleet, else the one cluster. */
export function clustersNamed(name: string, paths: ClusterPaths): { name: string; paths: ClusterPaths }[] {
  const fleet = readFleet(paths);
  if (fleet === undefined) return [{ name, paths }];
  return fleet.clusters.map(({ cluster, dataDir }) => ({ name: cluster, paths: clusterPaths(cluster, dataDir) }));
}
