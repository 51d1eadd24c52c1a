/** What somebody wants to do, and how a refusal is worded. */
import { StatusError } from '../../kube/status.ts';
import type { UserInfo } from '../engine.ts';

export interface ResourceAttributes {
  /** Of the API ('list'), or one of its own ('impersonate', 'escalate'). */
  verb: string;
  group: string;
  plural: string;
  subresource?: string | undefined;
  /** Absent: at the cluster's scope, or in all namespaces. */
  namespace?: string | undefined;
  name?: string | undefined;
  /** Of a list, a watch or a deletion of many: text as in a request. */
  fieldSelector?: string | undefined;
}

/** A request outside resources; the verb is the method, in lower case. */
export interface PathAttributes {
  verb: string;
  path: string;
}

export type Attributes = ResourceAttributes | PathAttributes;

export function isPath(attributes: Attributes): attributes is PathAttributes {
  return 'path' in attributes;
}

/** The 403 of upstream, word for word; `reason`: what the authorizer has to say about it. */
export function forbidden(user: UserInfo, attributes: Attributes, reason = ''): StatusError {
  const text = `${sentence(user, attributes).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}${reason === '' ? '' : `: ${reason}`}`;
  if (isPath(attributes)) return new StatusError(403, 'Forbidden', `forbidden: ${text}`, {});
  const { group, plural, name } = attributes;
  const which = `${group === '' ? plural : `${plural}.${group}`}${name ? ` ${JSON.stringify(name)}` : ''}`;
  return new StatusError(403, 'Forbidden', `${which} is forbidden: ${text}`, {
    ...(name ? { name } : {}),
    ...(group === '' ? {} : { group }),
    kind: plural,
  });
}

function sentence(user: UserInfo, attributes: Attributes): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${attributes.verb}`;
  if (isPath(attributes)) return `${who} path ${JSON.stringify(attributes.path)}`;
  const { group, plural, subresource, namespace } = attributes;
  const what = JSON.stringify(subresource ? `${plural}/${subresource}` : plural);
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  return `${who} resource ${what} in API group ${JSON.stringify(group)} ${where}`;
}
