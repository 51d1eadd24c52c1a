/**
 * Real OCI images: copied by skopeo from a registry, or from an OCI layout or a docker-save tar in the images directory, unpacked by umoci
 * once, shared by all nodes. `blobs/` is one OCI layout; `unpacked/DIGEST/rootfs` an image's files; `images.json` says what is there.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, run } from '../oci/commands.ts';
import { ImageError } from './errors.ts';
import type { Image, ImageConfig, PullOptions } from './image.ts';
import { formatReference, isLocalRegistry, parseReference, type ImageReference } from './reference.ts';

interface StoredImage {
  /** 'sha256:...' of the manifest. */
  digest: string;
  sizeBytes: number;
  config: ImageConfig;
}

export class RegistryImages {
  readonly #dir: string;
  readonly #stored: Record<string, StoredImage>;
  readonly #pulling = new Map<string, Promise<Image>>();

  /** `dir` is the cluster's images directory; archives dropped there are found by name (see `#archive`). */
  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(join(dir, 'unpacked'), { recursive: true, mode: 0o700 });
    this.#stored = existsSync(this.#index) ? (JSON.parse(readFileSync(this.#index, 'utf8')) as Record<string, StoredImage>) : {};
  }

  get #index(): string {
    return join(this.#dir, 'images.json');
  }

  find(name: string): Image | undefined {
    const full = formatReference(parseReference(name));
    const stored = this.#stored[full];
    return stored === undefined ? undefined : this.#image(full, stored);
  }

  list(): { names: string[]; sizeBytes: number }[] {
    return Object.entries(this.#stored).map(([name, { digest, sizeBytes }]) => ({ names: [`${withoutTag(name)}@${digest}`, name], sizeBytes }));
  }

  /** The same image asked for twice at a time is pulled once. */
  pull(name: string, options: PullOptions): Promise<Image> {
    const reference = parseReference(name);
    const full = formatReference(reference);
    let pulling = this.#pulling.get(full);
    if (pulling === undefined) {
      pulling = this.#pull(name, full, reference, options).finally(() => this.#pulling.delete(full));
      this.#pulling.set(full, pulling);
    }
    return pulling;
  }

  async #pull(name: string, full: string, reference: ImageReference, { credentials, signal }: PullOptions): Promise<Image> {
    const work = mkdtempSync(join(this.#dir, 'pull-'));
    try {
      const source = (await this.#archive(full)) ?? `docker://${sourceName(reference)}`;
      const layout = join(work, 'layout');
      const authFile = writeCredentials(work, credentials);
      const args = [
        'copy',
        '--quiet',
        ...(authFile ? ['--src-authfile', authFile] : []),
        ...(isLocalRegistry(reference.registry) && source.startsWith('docker://') ? ['--src-tls-verify=false'] : []),
      ];
      await run('skopeo', [...args, source, `oci:${layout}:image`], { signal });
      const stored = await this.#unpack(layout, work, signal);
      this.#stored[full] = stored;
      writeFileSync(`${this.#index}.new`, JSON.stringify(this.#stored));
      renameSync(`${this.#index}.new`, this.#index);
      return this.#image(full, stored);
    } catch (error) {
      if (error instanceof CommandError && error.missing) {
        throw new ImageError('ErrImagePull', `failed to pull and unpack image "${full}": ${error.message}; install the packages skopeo and umoci`);
      }
      throw new ImageError(
        'ErrImagePull',
        `failed to pull and unpack image "${name === full ? name : full}": ${error instanceof Error ? error.message : String(error)}`,
      );
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }

  async #unpack(layout: string, work: string, signal: AbortSignal): Promise<StoredImage> {
    const blob = (digest: string) => join(layout, 'blobs', digest.replace(':', '/'));
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
    const digest = index.manifests[0]!.digest;
    const manifest = JSON.parse(readFileSync(blob(digest), 'utf8')) as { config: { digest: string }; layers: { size: number }[] };
    const { config = {} } = JSON.parse(readFileSync(blob(manifest.config.digest), 'utf8')) as { config?: RawConfig };
    const target = this.#unpacked(digest);
    if (!existsSync(target)) {
      const bundle = join(work, 'bundle');
      await run('umoci', ['unpack', '--image', `${layout}:image`, bundle], { signal });
      // In one step, so that a half-unpacked image is never taken for a whole one.
      renameSync(bundle, target);
    }
    return { digest, sizeBytes: manifest.layers.reduce((sum, layer) => sum + layer.size, 0), config: readConfig(config) };
  }

  /**
   * An image dropped into the directory: a docker-save tar whose tags, or an OCI layout whose reference names, hold this name.
   * Looked for before a registry is asked; a pull is rare, so nothing is kept of it.
   */
  async #archive(full: string): Promise<string | undefined> {
    for (const entry of readdirSync(this.#dir)) {
      const path = join(this.#dir, entry);
      if (entry.endsWith('.tar')) {
        const text = await run('tar', ['-xOf', path, 'manifest.json']).catch(() => '[]');
        const tags = (JSON.parse(text) as { RepoTags?: string[] }[]).flatMap(({ RepoTags }) => RepoTags ?? []);
        const tag = tags.find((candidate) => isSame(candidate, full));
        if (tag !== undefined) return `docker-archive:${path}:${tag}`;
      } else if (statSync(path).isDirectory() && existsSync(join(path, 'oci-layout'))) {
        const index = JSON.parse(readFileSync(join(path, 'index.json'), 'utf8')) as { manifests: { annotations?: Record<string, string> }[] };
        const names = index.manifests.map(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] ?? '');
        const name = names.find((candidate) => isSame(candidate, full));
        if (name !== undefined) return `oci:${path}:${name}`;
      }
    }
    return undefined;
  }

  #unpacked(digest: string): string {
    return join(this.#dir, 'unpacked', digest.replace(':', '-'));
  }

  #image(full: string, { digest, sizeBytes, config }: StoredImage): Image {
    return { id: `${withoutTag(full)}@${digest}`, names: [full], sizeBytes, config, root: { kind: 'layers', lower: join(this.#unpacked(digest), 'rootfs') } };
  }
}

interface RawConfig {
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  Env?: string[] | null;
  WorkingDir?: string;
  User?: string;
  StopSignal?: string;
}

function readConfig(raw: RawConfig): ImageConfig {
  const env: Record<string, string> = {};
  for (const entry of raw.Env ?? []) {
    const equals = entry.indexOf('=');
    if (equals > 0) env[entry.slice(0, equals)] = entry.slice(equals + 1);
  }
  return { entrypoint: raw.Entrypoint ?? [], command: raw.Cmd ?? [], env, workingDir: raw.WorkingDir ?? '', user: raw.User ?? '', stopSignal: raw.StopSignal };
}

/** skopeo takes a tag or a digest, not both. */
function sourceName(reference: ImageReference): string {
  return formatReference(reference.digest === undefined ? reference : { ...reference, tag: undefined });
}

function withoutTag(full: string): string {
  return full.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}

function isSame(candidate: string, full: string): boolean {
  try {
    return formatReference(parseReference(candidate)) === full;
  } catch {
    return false;
  }
}

/** Joins pull secrets into the file skopeo reads; undefined without any. */
function writeCredentials(dir: string, credentials: readonly string[]): string | undefined {
  if (credentials.length === 0) return undefined;
  const auths: Record<string, unknown> = {};
  for (const text of credentials) {
    try {
      Object.assign(auths, (JSON.parse(text) as { auths?: Record<string, unknown> }).auths);
    } catch {
      // A secret that is no JSON gives no credentials, as upstream.
    }
  }
  const file = join(dir, 'auth.json');
  writeFileSync(file, JSON.stringify({ auths }), { mode: 0o600 });
  return file;
}
