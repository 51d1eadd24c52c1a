/** What the unknown may do: see that the server is alive. All others may do everything until roles are enforced. */
import { StatusError } from '../../kube/status.ts';
import type { UserInfo, Verb } from '../engine.ts';

/** What is asked for. */
export interface Attributes {
  /** For requests outside resources. */
  path: string;
  resource?: { verb: Verb; group: string; plural: string; subresource?: string; namespace?: string; name?: string };
}

const PUBLIC = /^\/(healthz|livez|readyz)(\/|$)|^\/version\/?$/;

/** Throws StatusError 403 with upstream's text. */
export function authorize(user: UserInfo, { path, resource }: Attributes): void {
  if (user.name !== 'system:anonymous' || (resource === undefined && PUBLIC.test(path))) return;
  if (resource === undefined)
    throw new StatusError(403, 'Forbidden', `forbidden: User ${JSON.stringify(user.name)} cannot get path ${JSON.stringify(path)}`, {});
  const { verb, group, plural, subresource, namespace, name } = resource;
  const full = subresource === undefined ? plural : `${plural}/${subresource}`;
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const which = `${group === '' ? plural : `${plural}.${group}`}${name === undefined ? '' : ` ${JSON.stringify(name)}`}`;
  throw new StatusError(
    403,
    'Forbidden',
    `${which} is forbidden: User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(full)} in API group ${JSON.stringify(group)} ${scope}`,
    {
      ...(name === undefined ? {} : { name }),
      ...(group === '' ? {} : { group }),
      kind: plural,
    },
  );
}
