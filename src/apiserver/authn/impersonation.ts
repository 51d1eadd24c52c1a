/** `kubectl --as`: somebody asks as somebody else, by the right to `impersonate`. */
import type { IncomingMessage } from 'node:http';
import { badRequest } from '../../kube/status.ts';
import type { Authorizer, ResourceAttributes } from '../authz/index.ts';
import type { UserInfo } from '../engine.ts';
import { accountGroups } from './look.ts';

const EXTRA = 'impersonate-extra-';
const GROUP = 'authentication.k8s.io';
const AUTHENTICATED = 'system:authenticated';
const UNAUTHENTICATED = 'system:unauthenticated';

/** `user` itself when the request has no such headers. Throws StatusError 403 for those who may not. */
export function impersonated(request: IncomingMessage, user: UserInfo, authorizer: Authorizer): UserInfo {
  if (!asks(request)) return user;
  // Costs more: a list of values for each header.
  const headers = request.headersDistinct;
  const name = headers['impersonate-user']?.[0] ?? '';
  const groups = headers['impersonate-group'] ?? [];
  const uid = headers['impersonate-uid']?.[0] ?? '';
  const extra: Record<string, string[]> = {};
  for (const [header, values] of Object.entries(headers)) {
    if (header.startsWith(EXTRA) && values) extra[unescape(header.slice(EXTRA.length))] = values;
  }
  if (name === '') {
    if (groups.length === 0 && uid === '' && Object.keys(extra).length === 0) return user;
    throw badRequest(`requested ${shown(groups, uid, extra)} without impersonating a user`);
  }
  for (const attributes of wanted(name, groups, uid, extra)) authorizer.require(user, attributes);
  return {
    name,
    groups: groupsOf(name, groups),
    ...(uid === '' ? {} : { uid }),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

function asks({ headers }: IncomingMessage): boolean {
  if (headers['impersonate-user'] !== undefined || headers['impersonate-group'] !== undefined || headers['impersonate-uid'] !== undefined) return true;
  for (const name in headers) if (name.startsWith(EXTRA)) return true;
  return false;
}

function unescape(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Each part of an identity is a right of its own. */
function* wanted(name: string, groups: readonly string[], uid: string, extra: Record<string, string[]>): Generator<ResourceAttributes> {
  const impersonate = { verb: 'impersonate', group: '' };
  const account = accountOf(name);
  yield account ? { ...impersonate, plural: 'serviceaccounts', ...account } : { ...impersonate, plural: 'users', name };
  for (const group of groups) yield { ...impersonate, plural: 'groups', name: group };
  for (const [key, values] of Object.entries(extra))
    for (const value of values) yield { ...impersonate, group: GROUP, plural: 'userextras', subresource: key, name: value };
  if (uid !== '') yield { ...impersonate, group: GROUP, plural: 'uids', name: uid };
}

function accountOf(name: string): { namespace: string; name: string } | undefined {
  const found = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  return found ? { namespace: found[1]!, name: found[2]! } : undefined;
}

function groupsOf(name: string, asked: readonly string[]): string[] {
  const account = accountOf(name);
  const groups = asked.length === 0 && account ? accountGroups(account.namespace) : [...asked];
  if (name === 'system:anonymous') return groups.includes(UNAUTHENTICATED) ? groups : [...groups, UNAUTHENTICATED];
  return groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED) ? groups : [...groups, AUTHENTICATED];
}

/** The parts as upstream prints them: references to objects, with all their fields. */
function shown(groups: readonly string[], uid: string, extra: Record<string, string[]>): string {
  const parts = groups.map((group) => `{Group  ${group}    }`);
  for (const [key, values] of Object.entries(extra)) for (const value of values) parts.push(`{UserExtra  ${value}  ${GROUP}/v1  ${key}}`);
  if (uid !== '') parts.push(`{UID  ${uid}  ${GROUP}/v1  }`);
  return `[${parts.join(' ')}]`;
}
