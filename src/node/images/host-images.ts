/**
 * Host images: a small manifest that names a program of this machine, for machines without a registry. They stand in for well-known
 * images with the same ports, paths and arguments. Manifests lie in the repository under images/NAME/image.json.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findProgram, run } from '../oci/commands.ts';
import type { Mount } from '../oci/spec.ts';
import { ImageError } from './errors.ts';
import type { Image, ImageConfig } from './image.ts';
import { parseReference } from './reference.ts';

/** images/NAME/image.json. */
interface Manifest {
  /** Repositories it answers for, every tag: 'stefanprodan/podinfo'. */
  names: string[];
  description: string;
  /** 'system': this machine's programs; 'busybox': only busybox, where it is installed. */
  base: 'system' | 'busybox';
  entrypoint?: string[];
  command?: string[];
  env?: Record<string, string>;
  workingDir?: string;
  user?: string;
  /** Files of the image's folder to show: path in the container to path in the folder. */
  files?: Record<string, string>;
  /** Whether programs need Node.js at /opt/argosy/bin/node. */
  node?: boolean;
  /** A program this machine must have, and how to get it. */
  requires?: { program: string; install: string };
}

interface HostImage {
  name: string;
  dir: string;
  manifest: Manifest;
}

const NODE_DIR = '/opt/argosy/bin';
const SYSTEM_PATH = `${NODE_DIR}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
/** Of /etc only what programs need to start: no keys, no machine's own configuration. */
const ETC = [
  'alternatives',
  'ca-certificates',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'mime.types',
  'nsswitch.conf',
  'protocols',
  'services',
  'ssl/certs',
  'terminfo',
];

export class HostImages {
  readonly #byRepository = new Map<string, HostImage>();
  readonly #cacheDir: string;
  readonly #ready = new Map<string, Promise<Image>>();

  /** `manifestsDir`: the repository's images/; `cacheDir`: for what is made once a cluster. */
  constructor(manifestsDir: string, cacheDir: string) {
    this.#cacheDir = cacheDir;
    for (const name of existsSync(manifestsDir) ? readdirSync(manifestsDir) : []) {
      const file = join(manifestsDir, name, 'image.json');
      if (!existsSync(file)) continue;
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
      for (const repository of manifest.names) this.#byRepository.set(repositoryKey(repository), { name, dir: join(manifestsDir, name), manifest });
    }
  }

  /** Undefined when no host image has that name; rejects when the machine lacks what it needs. */
  async find(reference: string): Promise<Image | undefined> {
    const found = this.#byRepository.get(repositoryKey(reference));
    if (found === undefined) return undefined;
    let ready = this.#ready.get(found.name);
    if (ready === undefined) {
      ready = this.#prepare(found);
      this.#ready.set(found.name, ready);
      // What is missing may be installed later.
      ready.catch(() => this.#ready.delete(found.name));
    }
    return { ...(await ready), names: [reference] };
  }

  async #prepare({ name, dir, manifest }: HostImage): Promise<Image> {
    const { requires } = manifest;
    if (requires !== undefined && findProgram(requires.program) === undefined) {
      throw new ImageError(
        'ErrImagePull',
        `the stand-in for ${manifest.names[0]} runs this machine's ${requires.program}, which is not installed: ${requires.install}`,
      );
    }
    const busybox = manifest.base === 'busybox' ? findProgram('busybox') : undefined;
    const base = busybox === undefined ? systemBase() : await this.#busyboxBase(busybox);
    const mounts = [...base.mounts];
    for (const [destination, file] of Object.entries(manifest.files ?? {})) mounts.push({ source: resolve(dir, file), destination, readOnly: true });
    if (manifest.node === true) mounts.push({ source: process.execPath, destination: `${NODE_DIR}/node`, readOnly: true });
    const config: ImageConfig = {
      entrypoint: manifest.entrypoint ?? [],
      command: manifest.command ?? [],
      env: { PATH: SYSTEM_PATH, ...manifest.env },
      workingDir: manifest.workingDir ?? '/',
      user: manifest.user ?? '',
      stopSignal: undefined,
    };
    const digest = createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
    return {
      id: `argosy.dev/host-images/${name}@sha256:${digest}`,
      names: manifest.names,
      sizeBytes: 0,
      config,
      root: { kind: 'host', mounts, links: base.links },
    };
  }

  /** A directory with busybox and a link for each of its applets, made once. */
  async #busyboxBase(busybox: string): Promise<Base> {
    const dir = join(this.#cacheDir, 'busybox');
    const applets = (await run(busybox, ['--list'])).split('\n').filter(Boolean);
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
    for (const applet of applets) if (applet !== 'busybox') symlinkSync('/opt/argosy/busybox', join(dir, applet));
    return {
      mounts: [
        { source: busybox, destination: '/opt/argosy/busybox', readOnly: true },
        { source: dir, destination: '/bin', readOnly: true },
      ],
      links: { '/sbin': 'bin', '/usr': '.' },
    };
  }
}

interface Base {
  mounts: Mount[];
  links: Record<string, string>;
}

/** The machine's programs and libraries, read-only. On merged-/usr machines /bin and its like are links. */
function systemBase(): Base {
  const base: Base = { mounts: [{ source: '/usr', destination: '/usr', readOnly: true }], links: {} };
  for (const path of ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) base.links[path] = readlinkSync(path);
    else if (found?.isDirectory()) base.mounts.push({ source: path, destination: path, readOnly: true });
  }
  for (const name of ETC) if (existsSync(join('/etc', name))) base.mounts.push({ source: join('/etc', name), destination: join('/etc', name), readOnly: true });
  return base;
}

/** Repositories without tag and digest, in full: a host image stands for every version. */
function repositoryKey(reference: string): string {
  const { registry, repository } = parseReference(reference);
  return `${registry}/${repository}`;
}
