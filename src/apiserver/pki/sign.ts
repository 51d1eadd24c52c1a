/** The cluster's authority as signers of certificate requests know it: what it signs, never its key. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { CertificateRequest } from '../../kube/certificates/request.ts';
import { USAGES } from '../../kube/certificates/signers.ts';
import { alternativeNames, issue, type KeyPair } from './certificates.ts';

interface SigningTerms {
  usages: readonly string[];
  /** Epoch ms; a certificate never outlives its authority. */
  notBefore: number;
  notAfter: number;
}

/** Signs for the subject, key and alternative names of the request, and nothing else it asks for. Answers PEM. */
type SignCertificate = (request: CertificateRequest, terms: SigningTerms) => string;

export function certificateSigner(ca: KeyPair): SignCertificate {
  const authority = new X509Certificate(ca.cert);
  const key = createPrivateKey(ca.key);
  const lastMoment = authority.validToDate.getTime();
  return (request, { usages, notBefore, notAfter }) => {
    if (notBefore >= lastMoment) throw new Error(`the signer has expired: NotAfter=${authority.validTo}`);
    const bits = usages.map((usage) => USAGES[usage]).filter((usage) => typeof usage === 'number');
    const extended = [...new Set(usages.map((usage) => USAGES[usage]).filter((usage) => typeof usage === 'string'))];
    const terms = { notBefore, notAfter: Math.min(notAfter, lastMoment), bits, extended };
    return issue({ authority, key }, { ...request, more: alternativeNames(request.alternativeNames) }, terms);
  };
}
