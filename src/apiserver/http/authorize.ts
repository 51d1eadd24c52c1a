/** What a request asks for, as authorization sees it: from the URL and the method alone, before anything is looked up. */
import { parseFieldSelector } from '../../kube/selectors.ts';
import { MASTERS, type Attributes, type Authorizer, type ResourceAttributes } from '../authz/index.ts';
import type { Exchange } from './exchange.ts';
import type { ResourcePath } from './path.ts';
import { isTrue } from './query.ts';

/** To open one of these by GET is to create it as well. */
const STREAMS = new Set(['exec', 'attach', 'portforward']);

/** Throws StatusError 403. `path`: undefined outside resources. */
export function authorize(authorizer: Authorizer, exchange: Exchange, path: ResourcePath | undefined): void {
  const { user } = exchange;
  if (user.groups.includes(MASTERS)) return;
  const attributes = attributesOf(exchange, path);
  authorizer.require(user, attributes);
  if (attributes.verb === 'get' && path?.plural === 'pods' && STREAMS.has(path.subresource ?? '')) authorizer.require(user, { ...attributes, verb: 'create' });
}

/** `path`: undefined outside resources. */
export function attributesOf({ request, path: url, query }: Exchange, path: ResourcePath | undefined): Attributes {
  const { method = 'GET' } = request;
  if (path === undefined) return { verb: method.toLowerCase(), path: url };
  const { group, plural, subresource, name, namespace } = path;
  const found: ResourceAttributes = {
    verb: verbOf(method),
    group,
    plural,
    subresource,
    name,
    // A namespace lies in itself.
    namespace: namespace ?? (plural === 'namespaces' ? name : undefined),
  };
  if (name !== undefined) return found;
  if (found.verb !== 'get' && found.verb !== 'delete') return found;
  const fieldSelector = query.get('fieldSelector');
  if (fieldSelector) found.fieldSelector = fieldSelector;
  if (found.verb === 'delete') found.verb = 'deletecollection';
  else {
    found.verb = isTrue(query, 'watch') ? 'watch' : 'list';
    if (fieldSelector) found.name = nameSelected(fieldSelector);
  }
  return found;
}

function verbOf(method: string): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return 'delete';
    default:
      return '';
  }
}

/** A list or a watch of one object by name: rights to that object will do. */
function nameSelected(selector: string): string | undefined {
  try {
    return parseFieldSelector(selector).find(({ field, op }) => field === 'metadata.name' && op === '=')?.value;
  } catch {
    return undefined;
  }
}
