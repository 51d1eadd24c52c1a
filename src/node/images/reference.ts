/** Image references: names as users write them. Source of the grammar: distribution/reference. Pure. */
import { ImageError } from './errors.ts';

export interface ImageReference {
  /** 'docker.io', '127.0.0.1:5000'. */
  registry: string;
  /** 'library/nginx'. */
  repository: string;
  tag: string | undefined;
  /** 'sha256:...' */
  digest: string | undefined;
}

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const REFERENCE = new RegExp(`^(?:([A-Za-z0-9.-]+(?::[0-9]+)?)/)?(${COMPONENT}(?:/${COMPONENT})*)(?::([\\w][\\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`);

/** Throws InvalidImageName. Defaults as docker's: registry docker.io, its namespace 'library', tag 'latest'. */
export function parseReference(text: string): ImageReference {
  const invalid = (why: string) =>
    new ImageError('InvalidImageName', `Failed to apply default image tag "${text}": couldn't parse image name "${text}": invalid reference format${why}`);
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  const hasRegistry = first === 'localhost' || /[.:]/.test(first);
  const match = REFERENCE.exec(hasRegistry ? text : `docker.io/${text}`);
  if (match === null) throw invalid(/[A-Z]/.test(text.slice(slash + 1).split(':')[0] ?? '') ? ': repository name must be lowercase' : '');
  const [, registry = 'docker.io', path = '', tag, digest] = match;
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return { registry, repository, tag: tag ?? (digest === undefined ? 'latest' : undefined), digest };
}

/** Full form, with registry and tag or digest: 'docker.io/library/nginx:latest'. */
export function formatReference({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** Registries on this machine speak plain HTTP or have a certificate nobody knows, as container engines assume. */
export function isLocalRegistry(registry: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+)(:\d+)?$/.test(registry);
}
