/** Revisions that clients name: parsing them, waiting for ones that have not been yet. */
import { badRequest, StatusError } from '../../kube/status.ts';
import type { Store } from '../store/store.ts';

/** As upstream's watch cache: a replica that lags is given this long. */
const WAIT_MS = 3_000;

/** 0 for absent, '' and '0'. Throws StatusError 400. `before`: what the error begins with. */
export function parseRevision(text: string | undefined, before = ''): number {
  if (text === undefined || text === '') return 0;
  const revision = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(revision)) {
    throw badRequest(`${before}resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return revision;
}

/** Resolves when the store has reached `revision`; rejects with 504 when it does not in time. */
export async function waitFor(store: Store, revision: number): Promise<void> {
  if (revision <= store.revision || (await store.reached(revision, WAIT_MS))) return;
  throw new StatusError(504, 'Timeout', `Too large resource version: ${revision}, current: ${store.revision}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
