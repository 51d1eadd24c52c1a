/** Who asks: a client certificate of the cluster's authority, a service account's token, or nobody (`system:anonymous`). */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { unauthorized } from '../../kube/status.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { ApiEngine, UserInfo } from '../engine.ts';
import { userOfBootstrapToken } from './bootstrap-tokens.ts';
import { impersonated } from './impersonation.ts';
import { oidcAuthenticator, type OidcOptions } from './oidc.ts';
import { tokenRequestHandler } from './token-request.ts';
import { tokenReviewHandler } from './token-review.ts';
import { userOfToken, type TokenAnswer } from './token-users.ts';
import { TokenSigner } from './tokens.ts';
import { takeWebSocketToken } from './websocket-token.ts';

export type { OidcOptions } from './oidc.ts';
export { ISSUER, secretTokens } from './tokens.ts';

export interface Authenticator {
  /** Who sends the request. Rejects with StatusError 401 for wrong credentials. */
  identify(request: IncomingMessage): Promise<UserInfo>;
  /** As whom they ask: mostly themselves. Throws StatusError 403 when they may not. */
  acting(request: IncomingMessage, user: UserInfo): UserInfo;
  jwks(): object;
}

const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

export interface AuthenticatorWorld {
  engine: ApiEngine;
  clock: Clock;
  random: Random;
  /** PEM. */
  serviceAccountKey: string;
  /** A provider whose tokens are taken as well. */
  oidc?: OidcOptions;
}

/** Also teaches the engine to answer TokenRequests and TokenReviews. */
export function authenticator(world: AuthenticatorWorld): Authenticator {
  const signer = new TokenSigner(world.serviceAccountKey);
  const tokens = { ...world, signer };
  const provider = world.oidc && oidcAuthenticator(world.oidc, world.clock);
  /** Each knows its own by the issuer. */
  const ofToken = async (token: string, audiences?: readonly string[]): Promise<TokenAnswer> =>
    (await userOfToken(tokens, token, audiences)) ?? (await userOfBootstrapToken(tokens, token)) ?? (await provider?.(token, audiences));
  world.engine.setCreateHandler({ group: '', plural: 'serviceaccounts', subresource: 'token' }, tokenRequestHandler(tokens));
  world.engine.setCreateHandler({ group: 'authentication.k8s.io', plural: 'tokenreviews', subresource: '' }, tokenReviewHandler(ofToken));
  return {
    async identify(request) {
      return userOfCertificate(request.socket as TLSSocket) ?? (await userOfHeader(request)) ?? ANONYMOUS;
    },
    acting: (request, user) => impersonated(request, user, world.engine.authorizer),
    jwks: () => signer.jwks(),
  };

  async function userOfHeader(request: IncomingMessage): Promise<UserInfo | undefined> {
    const { authorization } = request.headers;
    const token = authorization ? /^Bearer +(\S+)$/i.exec(authorization)?.[1] : takeWebSocketToken(request);
    if (!authorization && token === undefined) return undefined;
    const found = token === undefined ? undefined : await ofToken(token);
    if (found === undefined || 'error' in found) throw unauthorized();
    return found.user;
  }
}

/** Certificates are looked at once a connection. */
const users = new WeakMap<TLSSocket, UserInfo>();

function userOfCertificate(socket: TLSSocket): UserInfo | undefined {
  const known = users.get(socket);
  if (known !== undefined) return known;
  const { subject: names, fingerprint256 } = socket.getPeerCertificate();
  const subject = names as { CN?: string | string[]; O?: string | string[] } | undefined;
  if (subject === undefined) return undefined;
  const name = [subject.CN ?? ''].flat()[0];
  if (!socket.authorized || !name) throw unauthorized();
  const extra = { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint256.replaceAll(':', '').toLowerCase()}`] };
  const user = { name, groups: [...[subject.O ?? []].flat(), 'system:authenticated'], extra };
  users.set(socket, user);
  return user;
}
