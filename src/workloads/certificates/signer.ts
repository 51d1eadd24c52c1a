/** Signs approved requests to Kubernetes' own signers with the cluster's authority. */
import { parseRequest, type CertificateRequest } from '../../kube/certificates/request.ts';
import { REFUSALS } from '../../kube/certificates/signers.ts';
import { hasCondition, requestPem, type CertificateSigningRequest } from '../../kube/certificates/types.ts';
import { certificateSigningRequests } from '../../kube/resources.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';

/** All that is known here of the authority: a way to have certificates made, in PEM. Times in epoch ms. */
export type SignCertificate = (request: CertificateRequest, terms: { usages: readonly string[]; notBefore: number; notAfter: number }) => string;

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;
const SHORTEST_MS = 10 * MINUTE_MS;
/** For clocks that are behind. */
const BACKDATE_MS = 5 * MINUTE_MS;
/** Shorter lives than this are not cut by the backdating. */
const SHORT_MS = 8 * 60 * MINUTE_MS;

/** From when to when, as upstream: a year at most, ten minutes at least. */
export function validity(expirationSeconds: number | undefined, now: number): { notBefore: number; notAfter: number } {
  const life = Math.min(YEAR_MS, Math.max(SHORTEST_MS, (expirationSeconds ?? Infinity) * 1000));
  return { notBefore: now - BACKDATE_MS, notAfter: now + life - (life < SHORT_MS ? 0 : BACKDATE_MS) };
}

export function csrSigningController(ctx: ControllerContext, sign: SignCertificate): Controller {
  const informer = ctx.informer(certificateSigningRequests);
  /** What the status is to become; undefined when it is not ours to say. */
  function signed(csr: CertificateSigningRequest): CertificateSigningRequest['status'] | undefined {
    const { spec, status } = csr;
    const refusal = REFUSALS[spec.signerName ?? ''];
    if (refusal === undefined) return undefined;
    const request = parseRequest(requestPem(csr));
    const usages = spec.usages ?? [];
    const message = refusal(request, usages);
    const now = ctx.clock.now();
    if (message !== undefined) {
      const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message, lastUpdateTime: timestamp(now) };
      return { ...status, conditions: [...(status?.conditions ?? []), failed] };
    }
    const certificate = sign(request, { usages, ...validity(spec.expirationSeconds, now) });
    return { ...status, certificate: Buffer.from(certificate).toString('base64') };
  }
  return startController(ctx, {
    name: 'csrsigning',
    watches: [watching(certificateSigningRequests)],
    async reconcile(key) {
      const csr = informer.get(key);
      if (csr === undefined || csr.status?.certificate || !hasCondition(csr, 'Approved') || hasCondition(csr, 'Denied') || hasCondition(csr, 'Failed')) return;
      const status = signed(csr);
      if (status !== undefined) await ctx.client.update(certificateSigningRequests, { ...csr, status }, { subresource: 'status' });
    },
  });
}
