/** Who may approve and sign certificate requests, and what nobody may ask for. */
import { parseRequest } from '../../kube/certificates/request.ts';
import { API_CLIENT } from '../../kube/certificates/signers.ts';
import { requestPem, type CertificateSigningRequest } from '../../kube/certificates/types.ts';
import { forbidden } from '../../kube/status.ts';
import { equalJson } from '../../kube/json.ts';
import { targetOf } from '../registry/world.ts';
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts';

const GROUP = 'certificates.k8s.io';
const SIGNERS = 'signers';

function isCertificateRequest({ definition }: AdmissionRequest): boolean {
  return definition.plural === 'certificatesigningrequests' && definition.group === GROUP;
}

/** The right is asked for at the signer, or at all signers of its domain ('kubernetes.io/*'). */
function requireAtSigner({ world, ctx, definition, key, old }: AdmissionRequest, verb: 'approve' | 'sign'): void {
  // A writer cannot choose another signer.
  const { signerName = '' } = (old as CertificateSigningRequest).spec;
  const may = (name: string): boolean => world.authorizer.allows(ctx.user, { verb, group: GROUP, plural: SIGNERS, name });
  if (may(signerName) || may(`${signerName.split('/')[0]}/*`)) return;
  throw forbidden(targetOf(definition, key.name), `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`);
}

export const certificateApproval: AdmissionPlugin = {
  name: 'CertificateApproval',
  conclude(request) {
    if (request.subresource === 'approval' && isCertificateRequest(request)) requireAtSigner(request, 'approve');
    return undefined;
  },
};

export const certificateSigning: AdmissionPlugin = {
  name: 'CertificateSigning',
  conclude(request) {
    if (request.subresource !== 'status' || !isCertificateRequest(request)) return undefined;
    const { status: now } = request.object as CertificateSigningRequest;
    const { status: before } = request.old as CertificateSigningRequest;
    if (now?.certificate !== before?.certificate || !equalJson(now?.conditions ?? [], before?.conditions ?? [])) requireAtSigner(request, 'sign');
    return undefined;
  },
};

/** Nobody gets to be system:masters by asking for a certificate. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  // After validation: what cannot be read has been refused.
  conclude(request) {
    if (request.operation !== 'create' || !isCertificateRequest(request)) return undefined;
    const csr = request.object as CertificateSigningRequest;
    if (csr.spec.signerName === API_CLIENT && parseRequest(requestPem(csr)).organizations.includes('system:masters'))
      throw forbidden(targetOf(request.definition, request.key.name), `use of ${API_CLIENT} signer with system:masters group is not allowed`);
    return undefined;
  },
};
