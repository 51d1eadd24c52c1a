/** Removes certificate requests that nobody will look at any more. */
import { X509Certificate } from 'node:crypto';
import type { CertificateSigningRequest } from '../../kube/certificates/types.ts';
import { certificateSigningRequests } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';

const HOUR_MS = 3_600_000;
/** Since it was approved and issued, denied, or has failed. */
const SETTLED_MS = HOUR_MS;
/** Since it was made, or approved by someone whose signer never came. */
const WAITING_MS = 24 * HOUR_MS;

/** The moment (epoch ms) from which the request may go; Infinity: not before it changes. */
export function removableAt({ metadata, status }: CertificateSigningRequest): number {
  const conditions = status?.conditions ?? [];
  const certificate = status?.certificate ?? '';
  if (conditions.length === 0) return after(metadata.creationTimestamp, WAITING_MS);
  let first = Infinity;
  for (const { type, lastUpdateTime } of conditions) {
    if (type === 'Denied' || type === 'Failed') first = Math.min(first, after(lastUpdateTime, SETTLED_MS));
    if (type !== 'Approved') continue;
    first = Math.min(first, after(lastUpdateTime, certificate === '' ? WAITING_MS : SETTLED_MS), endOf(certificate));
  }
  return first;
}

function after(time: string | undefined, ms: number): number {
  return time === undefined ? Infinity : Date.parse(time) + ms;
}

function endOf(certificate: string): number {
  if (certificate === '') return Infinity;
  try {
    return new X509Certificate(Buffer.from(certificate, 'base64')).validToDate.getTime();
  } catch {
    return Infinity;
  }
}

export function csrCleanerController(ctx: ControllerContext): Controller {
  const informer = ctx.informer(certificateSigningRequests);
  return startController(ctx, {
    name: 'csrcleaner',
    watches: [watching(certificateSigningRequests)],
    async reconcile(key) {
      const csr = informer.get(key);
      const left = csr === undefined ? Infinity : removableAt(csr) - ctx.clock.now();
      if (left === Infinity) return undefined;
      if (left > 0) return { requeueAfterMs: left };
      await ctx.client.delete(certificateSigningRequests, key).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
      return undefined;
    },
  });
}
