/** An image that is ready to be run. */
import type { Mount } from '../oci/spec.ts';

export interface ImageConfig {
  entrypoint: readonly string[];
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  workingDir: string;
  /** 'user', 'uid', 'user:group', 'uid:gid' or ''. */
  user: string;
  stopSignal: string | undefined;
}

export interface Image {
  /** As in the pod's status: 'docker.io/library/nginx@sha256:...'. */
  id: string;
  names: readonly string[];
  sizeBytes: number;
  config: ImageConfig;
  root: ImageRoot;
}

export type ImageRoot =
  /** A directory that containers share, each writing into a layer of its own. */
  | { kind: 'layers'; lower: string }
  /** Put together from parts of this machine, shown read-only; `links` are symbolic links to make (path to target). */
  | { kind: 'host'; mounts: readonly Mount[]; links: Readonly<Record<string, string>> };

export interface PullOptions {
  /** Contents of dockerconfigjson secrets. */
  credentials: readonly string[];
  signal: AbortSignal;
}

/** All methods reject with an ImageError. */
export interface ImageStore {
  /** Undefined when it would have to be pulled. */
  find(name: string): Promise<Image | undefined>;
  pull(name: string, options: PullOptions): Promise<Image>;
  /** For the node's status. */
  list(): readonly { names: readonly string[]; sizeBytes: number }[];
}
