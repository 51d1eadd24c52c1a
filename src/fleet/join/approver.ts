/** Approves the certificates that agents ask for: the first with a token for that member, later ones with the certificate before. */
import { parseRequest, type CertificateRequest } from '../../kube/certificates/request.ts';
import { API_CLIENT, REFUSALS } from '../../kube/certificates/signers.ts';
import { hasCondition, requestPem, type CertificateSigningRequest } from '../../kube/certificates/types.ts';
import { certificateSigningRequests } from '../../kube/resources.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { AGENTS, agentUser, bootstrapGroup } from './names.ts';

const PREFIX = agentUser('');

/** Why the request is approved; undefined: it is somebody else's, or one that nobody may have without a person's look. */
export function whyApproved({ spec }: CertificateSigningRequest, request: CertificateRequest): string | undefined {
  if (spec.signerName !== API_CLIENT || REFUSALS[API_CLIENT]?.(request, spec.usages ?? []) !== undefined) return undefined;
  const { commonName, organizations, dnsNames, ipAddresses, emailAddresses, uris } = request;
  if (!commonName.startsWith(PREFIX) || organizations.length !== 1 || organizations[0] !== AGENTS) return undefined;
  if (dnsNames.length + ipAddresses.length + emailAddresses.length + uris.length > 0) return undefined;
  const cluster = commonName.slice(PREFIX.length);
  if (spec.username === commonName) return 'Auto approving the renewal of an agent certificate.';
  return spec.groups?.includes(bootstrapGroup(cluster)) === true
    ? `Auto approving the agent certificate of cluster ${cluster} that its token asks for.`
    : undefined;
}

export function agentApprover(ctx: ControllerContext): Controller {
  const requests = ctx.informer(certificateSigningRequests);
  return startController(ctx, {
    name: 'agent-approver',
    watches: [watching(certificateSigningRequests)],
    async reconcile(key) {
      const csr = requests.get(key);
      if (csr === undefined || csr.status?.certificate || hasCondition(csr, 'Approved') || hasCondition(csr, 'Denied')) return;
      const message = whyApproved(csr, parseRequest(requestPem(csr)));
      if (message === undefined) return;
      const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message };
      const status = { ...csr.status, conditions: [...(csr.status?.conditions ?? []), approved] };
      await ctx.client.update(certificateSigningRequests, { ...csr, status }, { subresource: 'approval' });
    },
  });
}
