/** Continue tokens: upstream's form, so that tools that look inside find what they expect. */
import { badRequest, expired, type StatusError } from '../../kube/status.ts';

interface Token {
  /** -1: whatever is there now (the rest of a list whose snapshot is gone). */
  revision: number;
  /** The first key of the next page, relative to the list's namespace. */
  start: string;
}

/** The least key after `key`. */
export function keyAfter(key: string): string {
  return `${key}\0`;
}

export function encodeToken({ revision, start }: Token): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start })).toString('base64url');
}

/** Throws StatusError 400 for what is not a token of ours. */
export function decodeToken(text: string): Token {
  let token: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as typeof token;
  } catch {
    const at = text.search(/[^\w-]/);
    const byte = at < 0 ? text.length - (text.length % 4) : at;
    throw badRequest(`invalid continue token: continue key is not valid: illegal base64 data at input byte ${byte}`);
  }
  if (typeof token !== 'object' || token === null || token.v !== 'meta.k8s.io/v1')
    throw badRequest('invalid continue token: continue key is not valid: server does not recognize this encoded version');
  const { rv, start } = token;
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0 || rv < -1 || typeof start !== 'string' || start === '') {
    throw badRequest('invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  return { revision: rv, start };
}

/** 410 with a token for the rest, as it is now. */
export function expiredToken(start: string): StatusError {
  return expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    { continue: encodeToken({ revision: -1, start }) },
  );
}
