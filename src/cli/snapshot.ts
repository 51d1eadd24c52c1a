/** `argosy snapshot`: a cluster's state in one file, and back. */
import { Command, InvalidArgumentError } from 'commander';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, relative, resolve } from 'node:path';
import { copyStore, readSnapshot, sealSnapshot, unpackStore, type Snapshot, type SnapshotFile } from '../apiserver/store/snapshot.ts';
import { checkName, readConfig, writeConfig, type ClusterConfig } from './config.ts';
import { connect } from './control.ts';
import { UserError } from './errors.ts';
import { clusterNames, clusterPaths, linkDataDir, shareWithCaller, upLock, type ClusterPaths } from './home.ts';
import { withLock } from './lock.ts';
import { clusterCommand, pathsOf, type ClusterOptions } from './options.ts';
import { stopCluster } from './stop.ts';
import { version } from './version.ts';

interface SnapshotOptions extends ClusterOptions {
  force?: boolean;
  output?: 'json';
}

interface Report {
  file: string;
  cluster: string;
  dataDir: string;
  createdAt: string;
  version: string;
  revision: number;
  objects: number;
  bytes: number;
}

export function snapshotCommand(): Command {
  return new Command('snapshot')
    .description("save a cluster's objects, keys and settings into one file, or bring them back")
    .addCommand(
      shared('save')
        .description('save a cluster, running or not, into a new file')
        .option('--force', 'replace the file if there is one')
        .action(async (file: string, options: SnapshotOptions) => print(await save(resolve(file), options), 'saved', options)),
    )
    .addCommand(
      shared('restore')
        .description('make a cluster of a snapshot; argosy up starts it')
        .option('--force', 'replace the objects, keys and settings of a cluster that is there')
        .action(async (file: string, options: SnapshotOptions, command: Command) =>
          print(await restore(resolve(file), options, command.getOptionValueSource('name') === 'cli'), 'restored', options),
        ),
    );
}

function shared(name: string): Command {
  return clusterCommand(name)
    .argument('<file>', 'the snapshot')
    .option('-o, --output <format>', 'json', (format) => {
      if (format !== 'json') throw new InvalidArgumentError("the only other format is 'json'.");
      return format;
    });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(report: Report, done: string, options: SnapshotOptions): void {
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else {
    const { cluster, file, objects, revision, bytes } = report;
    const path = `${done === 'saved' ? 'to' : 'from'} ${file}`;
    process.stdout.write(`cluster '${cluster}' is ${done} ${path}: ${objects} objects at revision ${revision}, ${(bytes / 2 ** 20).toFixed(1)} MiB\n`);
  }
}

async function save(file: string, options: SnapshotOptions): Promise<Report> {
  const paths = pathsOf(options);
  const config = readConfig(paths);
  if (config === undefined) throw new UserError(`there is no cluster '${options.name}' in ${paths.dataDir}`, 'argosy list shows all');
  if (existsSync(file) && !options.force) throw new UserError(`${file} is there already`, 'choose another file, or say --force');
  const unfinished = `${file}.unfinished`;
  try {
    rmSync(unfinished, { force: true });
    // It will hold secrets.
    closeSync(openSync(unfinished, 'wx', 0o600));
  } catch (error) {
    throw new UserError(`${unfinished} cannot be written: ${(error as Error).message}`, 'choose another place');
  }
  try {
    const connection = await connect(paths.controlSocket);
    say(connection === undefined ? `copying the store of '${config.name}', which is not running` : `copying the store of '${config.name}', which goes on`);
    if (connection === undefined) copyStore(paths.store, unfinished);
    else await connection.snapshot(unfinished).finally(() => connection.close());
    say('checking the copy');
    const about = { cluster: config.name, createdAt: new Date().toISOString(), version };
    return reportOf(file, sealSnapshot(unfinished, file, about, otherFiles(paths)), paths);
  } catch (error) {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(unfinished + end, { force: true });
    throw new UserError(`no snapshot was made: ${(error as Error).message}`);
  }
}

/** Everything but the store that cannot be made anew: settings, keys, the cloud's books. */
function otherFiles(paths: ClusterPaths): SnapshotFile[] {
  const keys = readdirSync(paths.pki).map((name) => join(paths.pki, name));
  return [paths.config, paths.cloud, ...keys]
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .map((path) => ({ path: relative(paths.dataDir, path), mode: statSync(path).mode & 0o777, data: readFileSync(path) }));
}

async function restore(file: string, options: SnapshotOptions, isNamed: boolean): Promise<Report> {
  const snapshot = checked(file);
  const name = isNamed ? checkName(options.name, '--name') : (snapshot.about['cluster'] ?? options.name);
  const paths = clusterPaths(name, options.data);
  return withLock(upLock, async () => {
    const running = await connect(paths.controlSocket);
    running?.close();
    if (running !== undefined) throw new UserError(`cluster '${name}' is running`, `stop it first: argosy down --name ${name}`);
    const before = readConfig(paths);
    if (before !== undefined && before.name !== name)
      throw new UserError(`${paths.dataDir} holds the data of cluster '${before.name}'`, 'choose another --data');
    if (before !== undefined && !options.force) throw new UserError(`there is a cluster '${name}' in ${paths.dataDir}`, 'say --force to replace what it holds');
    if (before === undefined && existsSync(paths.dataDir) && readdirSync(paths.dataDir).length > 0)
      throw new UserError(`${paths.dataDir} is not empty, and not the data directory of a cluster`, 'choose another --data');
    const config = { ...configOf(file, snapshot), name };
    refuseNeighbour(config);
    // Containers of what was there before would be strangers to what comes.
    if (before !== undefined) await stopCluster(name, paths, say);
    say(`restoring '${name}' into ${paths.dataDir}`);
    linkDataDir(name, paths.dataDir);
    mkdirSync(paths.dataDir, { recursive: true, mode: 0o700 });
    rmSync(paths.pki, { recursive: true, force: true });
    rmSync(paths.cloud, { force: true });
    unpackStore(file, paths.store);
    for (const { path, mode, data } of snapshot.files) {
      const target = join(paths.dataDir, path);
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      writeFileSync(target, data, { mode });
    }
    writeConfig(paths, config);
    shareWithCaller(paths);
    say(`start it: argosy up --name ${name}`);
    return reportOf(file, { ...snapshot, about: { ...snapshot.about, cluster: name } }, paths);
  });
}

function checked(file: string): Snapshot {
  if (!existsSync(file)) throw new UserError(`${file} is not there`);
  try {
    const snapshot = readSnapshot(file);
    const outside = snapshot.files.find(({ path }) => isAbsolute(path) || normalize(path).startsWith('..'));
    if (outside !== undefined) throw new Error(`${file}: it would write outside of the data directory: ${outside.path}`);
    return snapshot;
  } catch (error) {
    throw new UserError((error as Error).message, 'take another snapshot: nothing was changed');
  }
}

function configOf(file: string, snapshot: Snapshot): ClusterConfig {
  const found = snapshot.files.find(({ path }) => path === 'cluster.json');
  if (found === undefined) throw new UserError(`${file}: it holds no cluster.json`);
  return JSON.parse(Buffer.from(found.data).toString()) as ClusterConfig;
}

/** Its addresses are in its objects and certificates: they cannot be others. */
function refuseNeighbour({ name, number }: ClusterConfig): void {
  const neighbour = clusterNames().find((other) => other !== name && readConfig(clusterPaths(other))?.number === number);
  if (neighbour !== undefined)
    throw new UserError(`cluster '${neighbour}' has the addresses of the one in the snapshot`, `delete it first: argosy delete --name ${neighbour}`);
}

function reportOf(file: string, { about, revision, objects }: Snapshot, paths: ClusterPaths): Report {
  const { cluster = '', createdAt = '', version: by = '' } = about;
  return { file, cluster, dataDir: paths.dataDir, createdAt, version: by, revision, objects, bytes: statSync(file).size };
}
