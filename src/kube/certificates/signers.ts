/** Kubernetes' own signers and what each signs; texts are upstream's. */
import type { CertificateRequest } from './request.ts';

export const API_CLIENT = 'kubernetes.io/kube-apiserver-client';
export const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet';
export const KUBELET_SERVING = 'kubernetes.io/kubelet-serving';
/** Nobody can ask for it any more in certificates.k8s.io/v1. */
export const LEGACY_UNKNOWN = 'kubernetes.io/legacy-unknown';

/** Bit of X.509's key usage, or identifier of the extended one. */
export const USAGES: Readonly<Record<string, number | string>> = {
  signing: 0,
  'digital signature': 0,
  'content commitment': 1,
  'key encipherment': 2,
  'data encipherment': 3,
  'key agreement': 4,
  'cert sign': 5,
  'crl sign': 6,
  'encipher only': 7,
  'decipher only': 8,
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

const NODE = 'system:node:';

/** What the signer has against the request; undefined when it signs it. */
type Refusal = (request: CertificateRequest, usages: readonly string[]) => string | undefined;

function kubeletUsages(usages: readonly string[], auth: 'client auth' | 'server auth'): string | undefined {
  const given = [...new Set(usages)].sort().join(',');
  const full = [auth, 'digital signature', 'key encipherment'].sort();
  // Keys that are not RSA encipher nothing.
  const less = [auth, 'digital signature'].sort();
  return given === full.join(',') || given === less.join(',') ? undefined : `usages did not match [${full.join(' ')}]`;
}

function ofNodes({ organizations }: CertificateRequest): string | undefined {
  return organizations.length === 1 && organizations[0] === 'system:nodes' ? undefined : 'subject organization is not system:nodes';
}

function named({ commonName }: CertificateRequest): string | undefined {
  return commonName.startsWith(NODE) ? undefined : `subject common name does not begin with ${NODE}`;
}

function none(names: readonly unknown[], kind: string): string | undefined {
  return names.length > 0 ? `${kind} subjectAltNames are not allowed` : undefined;
}

export const kubeletClientRefusal: Refusal = (request, usages) =>
  ofNodes(request) ??
  none(request.dnsNames, 'DNS') ??
  none(request.emailAddresses, 'Email') ??
  none(request.ipAddresses, 'IP') ??
  none(request.uris, 'URI') ??
  named(request) ??
  kubeletUsages(usages, 'client auth');

const kubeletServingRefusal: Refusal = (request, usages) =>
  ofNodes(request) ??
  (request.dnsNames.length + request.ipAddresses.length === 0 ? 'DNS or IP subjectAltName is required' : undefined) ??
  none(request.emailAddresses, 'Email') ??
  none(request.uris, 'URI') ??
  kubeletUsages(usages, 'server auth') ??
  named(request);

const apiClientRefusal: Refusal = (_request, usages) => {
  const other = usages.find((usage) => !['digital signature', 'key encipherment', 'client auth'].includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
};

export const REFUSALS: Readonly<Record<string, Refusal>> = {
  [API_CLIENT]: apiClientRefusal,
  [KUBELET_CLIENT]: kubeletClientRefusal,
  [KUBELET_SERVING]: kubeletServingRefusal,
};
