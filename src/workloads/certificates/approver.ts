/** Approves certificates of kubelets for the API when whoever asks may have them without a person's look. */
import { kubeletClientRefusal, KUBELET_CLIENT } from '../../kube/certificates/signers.ts';
import { parseRequest, type CertificateRequest } from '../../kube/certificates/request.ts';
import { hasCondition, requestPem, type CertificateSigningRequest } from '../../kube/certificates/types.ts';
import { certificateSigningRequests, subjectAccessReviews } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';

interface Way {
  /** A right that is only asked for here: to create this subresource of certificatesigningrequests. */
  right: 'selfnodeclient' | 'nodeclient';
  message: string;
}

/** The ways in which the request may be approved, the narrower first. */
export function waysToApprove(csr: CertificateSigningRequest, request: CertificateRequest): Way[] {
  if (csr.spec.signerName !== KUBELET_CLIENT || kubeletClientRefusal(request, csr.spec.usages ?? []) !== undefined) return [];
  const any: Way = { right: 'nodeclient', message: 'Auto approving kubelet client certificate after SubjectAccessReview.' };
  const own: Way = { right: 'selfnodeclient', message: 'Auto approving self kubelet client certificate after SubjectAccessReview.' };
  return csr.spec.username === request.commonName ? [own, any] : [any];
}

export function csrApprovingController(ctx: ControllerContext): Controller {
  const informer = ctx.informer(certificateSigningRequests);

  async function mayHave({ spec }: CertificateSigningRequest, right: Way['right']): Promise<boolean> {
    const answer = (await ctx.client.create(subjectAccessReviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: {
        user: spec.username ?? '',
        ...(spec.uid === undefined ? {} : { uid: spec.uid }),
        groups: spec.groups ?? [],
        ...(spec.extra === undefined ? {} : { extra: spec.extra }),
        resourceAttributes: { group: 'certificates.k8s.io', resource: 'certificatesigningrequests', verb: 'create', subresource: right, version: '*' },
      },
    } as KubeObject)) as KubeObject & { status?: { allowed?: boolean } };
    return answer.status?.allowed === true;
  }

  return startController(ctx, {
    name: 'csrapproving',
    watches: [watching(certificateSigningRequests)],
    async reconcile(key) {
      const csr = informer.get(key);
      if (csr === undefined || csr.status?.certificate || hasCondition(csr, 'Approved') || hasCondition(csr, 'Denied')) return;
      for (const { right, message } of waysToApprove(csr, parseRequest(requestPem(csr)))) {
        if (!(await mayHave(csr, right))) continue;
        const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message };
        const status = { ...csr.status, conditions: [...(csr.status?.conditions ?? []), approved] };
        await ctx.client.update(certificateSigningRequests, { ...csr, status }, { subresource: 'approval' });
        return;
      }
    },
  });
}
