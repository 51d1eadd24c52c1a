/** Bootstrap tokens: `ID.SECRET`, kept in Secrets of kube-system, with which somebody new asks for a certificate. As upstream's bootstrap authenticator. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../kube/types.ts';
import { look, type TokenWorld } from './look.ts';
import type { TokenAnswer } from './token-users.ts';

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const TYPE = 'bootstrap.kubernetes.io/token';
const GROUP = 'system:bootstrappers';
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/** Undefined: it is not such a token, or nobody's. It says nothing of why, so that nobody learns which part was right. */
export async function userOfBootstrapToken({ engine, clock }: Pick<TokenWorld, 'engine' | 'clock'>, token: string): Promise<TokenAnswer> {
  const [, id = '', secretPart = ''] = TOKEN.exec(token) ?? [];
  if (id === '') return undefined;
  const secret = (await look(engine, 'secrets', { namespace: 'kube-system', name: `bootstrap-token-${id}` })) as Secret | undefined;
  if (secret === undefined || secret.type !== TYPE || secret.metadata.deletionTimestamp !== undefined) return undefined;
  const text = (key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
  if (!sameText(text('token-secret'), secretPart) || text('token-id') !== id) return undefined;
  const expiration = text('expiration');
  if (expiration !== '' && !(Date.parse(expiration) > clock.now())) return undefined;
  if (text('usage-bootstrap-authentication') !== 'true') return undefined;
  const extra = text('auth-extra-groups')
    .split(',')
    .filter((group) => group !== '');
  if (extra.some((group) => !EXTRA_GROUP.test(group))) return undefined;
  return { user: { name: `system:bootstrap:${id}`, groups: [GROUP, ...extra, 'system:authenticated'] }, audiences: [] };
}

/** Takes as long whatever differs. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
