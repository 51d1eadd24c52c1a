/** URLs of the Kubernetes API, taken apart. */
import { badRequest } from '../../kube/status.ts';

export interface ResourcePath {
  group: string;
  version: string;
  plural: string;
  namespace?: string;
  name?: string;
  subresource?: string;
  /** What follows `proxy`: '/metrics', always with the leading slash. */
  rest: string;
}

/** Subresources of a namespace itself; any other name after a namespace is a resource in it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** Undefined for paths that do not lie under a group and version. Throws StatusError 400 for bad escapes. */
export function parseResourcePath(pathname: string): ResourcePath | undefined {
  const parts = pathname.split('/');
  const head = parts[1] === 'api' ? 2 : parts[1] === 'apis' ? 3 : 0;
  if (head === 0 || parts.length <= head + 1) return undefined;
  const group = head === 2 ? '' : unescape(parts[2]!);
  const version = unescape(parts[head]!);
  let names = parts.slice(head + 1);
  let namespace: string | undefined;
  const first = names[0];
  if (first === 'namespaces' && names.length > 2 && names[2] !== '' && !(NAMESPACE_SUBRESOURCES.has(names[2]!) && names.length === 3 && group === '')) {
    namespace = unescape(names[1]!);
    names = names.slice(2);
  }
  const [plural, name, subresource, ...rest] = names;
  if (!plural || (rest.length > 0 && subresource !== 'proxy')) return undefined;
  return {
    group,
    version,
    plural: unescape(plural),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name ? { name: unescape(name) } : {}),
    ...(name && subresource ? { subresource: unescape(subresource) } : {}),
    rest: `/${rest.join('/')}`,
  };
}

function unescape(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest(`the path segment ${JSON.stringify(part)} is not valid percent-encoding`);
  }
}
