/** Nobody gets to be system:masters by asking for a certificate. */
import { parseRequest } from '../../kube/certificates/request.ts';
import { API_CLIENT } from '../../kube/certificates/signers.ts';
import { requestPem, type CertificateSigningRequest } from '../../kube/certificates/types.ts';
import { forbidden } from '../../kube/status.ts';
import { targetOf } from '../registry/world.ts';
import type { AdmissionPlugin } from './plugin.ts';

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  // After validation: what cannot be read has been refused.
  conclude({ operation, definition, key, object }) {
    if (operation !== 'create' || definition.plural !== 'certificatesigningrequests' || definition.group !== 'certificates.k8s.io') return undefined;
    const csr = object as CertificateSigningRequest;
    if (csr.spec.signerName === API_CLIENT && parseRequest(requestPem(csr)).organizations.includes('system:masters'))
      throw forbidden(targetOf(definition, key.name), `use of ${API_CLIENT} signer with system:masters group is not allowed`);
    return undefined;
  },
};
