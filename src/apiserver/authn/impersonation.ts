/** `kubectl --as`: an administrator asks as someone else. */
import type { IncomingMessage } from 'node:http';
import { badRequest, StatusError } from '../../kube/status.ts';
import type { UserInfo } from '../engine.ts';
import { accountGroups } from './look.ts';

const EXTRA = 'impersonate-extra-';

/** `user` itself when the request has no such headers. Throws StatusError 403 for those who may not. */
export function impersonated(request: IncomingMessage, user: UserInfo): UserInfo {
  const plain = request.headers;
  if (plain['impersonate-user'] === undefined && plain['impersonate-group'] === undefined && plain['impersonate-uid'] === undefined) return user;
  // Costs more: a list of values for each header.
  const headers = request.headersDistinct;
  const one = (name: string): string | undefined => headers[name]?.[0];
  const name = one('impersonate-user');
  const groups = headers['impersonate-group'] ?? [];
  const uid = one('impersonate-uid');
  if (name === undefined) {
    if (groups.length > 0 || uid !== undefined) throw badRequest('requested groups or a uid without impersonating a user: set the header Impersonate-User');
    return user;
  }
  if (!user.groups.includes('system:masters')) {
    const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
    const [plural, target, scope] = account ? ['serviceaccounts', account[2], `in the namespace "${account[1]}"`] : ['users', name, 'at the cluster scope'];
    throw new StatusError(
      403,
      'Forbidden',
      `${plural} "${target}" is forbidden: User "${user.name}" cannot impersonate resource "${plural}" in API group "" ${scope}`,
      {
        name: target,
        kind: plural,
      },
    );
  }
  const extra: Record<string, string[]> = {};
  for (const [header, values] of Object.entries(headers)) {
    if (header.startsWith(EXTRA) && values) extra[decodeURIComponent(header.slice(EXTRA.length))] = values;
  }
  return {
    name,
    groups: groupsOf(name, groups),
    ...(uid === undefined ? {} : { uid }),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

function groupsOf(name: string, asked: readonly string[]): string[] {
  if (name === 'system:anonymous') return [...asked, 'system:unauthenticated'];
  const namespace = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name)?.[1];
  const own = asked.length === 0 && namespace !== undefined ? accountGroups(namespace) : asked;
  return [...new Set([...own, 'system:authenticated'])];
}
