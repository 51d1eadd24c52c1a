/** Who may approve and sign certificate requests, and what nobody may ask for. */
import { parseRequest } from '../../kube/certificates/request.ts';
import { API_CLIENT } from '../../kube/certificates/signers.ts';
import { requestPem, type CertificateSigningRequest } from '../../kube/certificates/types.ts';
import { forbidden, invalid } from '../../kube/status.ts';
import { forbiddenField, invalidValue } from '../../kube/validation/field.ts';
import type { PodCertificateRequest } from '../../kube/validation/pod-certificates.ts';
import type { ClusterTrustBundle } from '../../kube/validation/trust-bundles.ts';
import { equalJson } from '../../kube/json.ts';
import { targetOf } from '../registry/world.ts';
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts';

const GROUP = 'certificates.k8s.io';
const SIGNERS = 'signers';

function isOf({ definition }: AdmissionRequest, plural: string): boolean {
  return definition.plural === plural && definition.group === GROUP;
}

const isCertificateRequest = (request: AdmissionRequest): boolean => isOf(request, 'certificatesigningrequests');

/** The right is asked for at the signer, or at all signers of its domain ('kubernetes.io/*'). */
function mayAtSigner({ world, ctx }: AdmissionRequest, verb: 'approve' | 'sign' | 'attest', signerName: string): boolean {
  const may = (name: string): boolean => world.authorizer.allows(ctx.user, { verb, group: GROUP, plural: SIGNERS, name });
  return may(signerName) || may(`${signerName.split('/')[0]}/*`);
}

function requireAtSigner(request: AdmissionRequest, verb: 'approve' | 'sign'): void {
  // A writer cannot choose another signer.
  const { signerName = '' } = (request.old as CertificateSigningRequest).spec;
  if (mayAtSigner(request, verb, signerName)) return;
  throw forbidden(targetOf(request.definition, request.key.name), `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`);
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

/** Only who may speak for a signer says whom its pods trust. */
export const clusterTrustBundleAttest: AdmissionPlugin = {
  name: 'ClusterTrustBundleAttest',
  conclude(request) {
    if (!isOf(request, 'clustertrustbundles')) return undefined;
    const { object, old, definition, key } = request;
    const { signerName = '' } = (object as ClusterTrustBundle).spec ?? {};
    const isSame = old !== undefined && equalJson((old as ClusterTrustBundle).spec, (object as ClusterTrustBundle).spec);
    if (signerName === '' || isSame || mayAtSigner(request, 'attest', signerName)) return undefined;
    throw forbidden(targetOf(definition, key.name), `user not permitted to attest for signerName ${JSON.stringify(signerName)}`);
  },
};

const NEAR_MS = 5 * 60_000;

/** A pod's certificate is its signer's to issue, and is issued now. */
export const podCertificateSigning: AdmissionPlugin = {
  name: 'PodCertificateSigning',
  conclude(request) {
    if (request.subresource !== 'status' || !isOf(request, 'podcertificaterequests')) return undefined;
    const [now, before] = [request.object as PodCertificateRequest, request.old as PodCertificateRequest];
    if (equalJson(now.status ?? {}, before.status ?? {})) return undefined;
    const target = { group: GROUP, kind: request.definition.kind, name: request.key.name };
    const { notBefore } = now.status ?? {};
    if (notBefore !== undefined && Math.abs(Date.parse(notBefore) - request.world.clock.now()) > NEAR_MS) {
      const why = "must be set to within 5 minutes of kube-apiserver's current time";
      throw invalid(target, [invalidValue('status.notBefore', `${notBefore.slice(0, 19).replace('T', ' ')} +0000 UTC`, why)]);
    }
    const { signerName = '' } = before.spec ?? {};
    if (mayAtSigner(request, 'sign', signerName)) return undefined;
    const why = `User ${JSON.stringify(request.ctx.user.name)} is not permitted to "sign" for signer ${JSON.stringify(signerName)}`;
    throw invalid(target, [forbiddenField('spec.signerName', why)]);
  },
};
