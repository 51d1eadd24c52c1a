/** PodCertificateRequests: what kubelets ask of signers for their pods. Nothing of one changes but its status, once. */
import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { pemBlocks } from '../certificates/pem.ts';
import { checkSignature, parseDerRequest } from '../certificates/request.ts';
import { isDns1123Subdomain, isQualifiedName } from '../names.ts';
import type { KubeObject } from '../types.ts';
import { validateSignerName } from './certificates.ts';
import { isTrueIn, validateStatusConditions, type StatusCondition } from './conditions.ts';
import { immutable, invalidValue, named, notSupported, omitted, required, sorted, tooLong, type Errors } from './field.ts';
import { certificateIn } from './trust-bundles.ts';

export interface PodCertificateRequest extends KubeObject {
  spec?: {
    signerName?: string;
    podName?: string;
    podUID?: string;
    serviceAccountName?: string;
    serviceAccountUID?: string;
    nodeName?: string;
    nodeUID?: string;
    maxExpirationSeconds?: number;
    /** DER, in base64. */
    stubPKCS10Request?: string;
    unverifiedUserAnnotations?: Record<string, string>;
  };
  status?: {
    conditions?: StatusCondition[];
    certificateChain?: string;
    notBefore?: string;
    beginRefreshAt?: string;
    notAfter?: string;
  };
}

type Spec = NonNullable<PodCertificateRequest['spec']>;
type Status = NonNullable<PodCertificateRequest['status']>;

const UID_MAX = 128;
const REQUEST_MAX = 10 * 1024;
const CHAIN_MAX = 100 * 1024;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
const LIFETIME_MAX_SECONDS = 91 * DAY_SECONDS;
const STUB = 'spec.stubPKCS10Request';
const CHAIN = 'status.certificateChain';
const OUTCOMES = ['Issued', 'Denied', 'Failed'];

export function validatePodCertificateRequest(errors: Errors, { spec }: PodCertificateRequest, old: PodCertificateRequest | undefined): void {
  if (old !== undefined) return immutable(errors, 'spec', spec, old.spec);
  const { signerName = '', podName = '', serviceAccountName = '', nodeName = '', maxExpirationSeconds } = spec ?? {};
  validateSignerName(errors, signerName);
  for (const key of Object.keys(spec?.unverifiedUserAnnotations ?? {})) validatePrefixed(errors, 'spec.unverifiedUserAnnotations', key.toLowerCase());
  named(errors, 'spec.podName', podName, isDns1123Subdomain);
  validateUid(errors, 'spec.podUID', spec?.podUID ?? '');
  named(errors, 'spec.serviceAccountName', serviceAccountName, isDns1123Subdomain);
  validateUid(errors, 'spec.serviceAccountUID', spec?.serviceAccountUID ?? '');
  named(errors, 'spec.nodeName', nodeName, isDns1123Subdomain);
  validateUid(errors, 'spec.nodeUID', spec?.nodeUID ?? '');
  if (maxExpirationSeconds === undefined) return void errors.push(required('spec.maxExpirationSeconds', 'must be set'));
  const most = /^(?:[^/]*\.)?kubernetes\.io(?:\/|$)/.test(signerName) ? DAY_SECONDS : LIFETIME_MAX_SECONDS;
  if (maxExpirationSeconds < HOUR_SECONDS || maxExpirationSeconds > most)
    errors.push(invalidValue('spec.maxExpirationSeconds', maxExpirationSeconds, `must be in the range [${HOUR_SECONDS}, ${most}]`));
  const stub = spec?.stubPKCS10Request ?? '';
  if (stub !== '') validateStub(errors, Buffer.from(stub, 'base64'));
  // The others are fields of older versions.
  else errors.push(omitted('spec', 'exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set'));
}

function validateUid(errors: Errors, field: string, uid: string): void {
  if (uid === '') errors.push(invalidValue(field, uid, 'must not be empty'));
  if (uid.length > UID_MAX) errors.push(tooLong(field, UID_MAX));
}

function validatePrefixed(errors: Errors, field: string, key: string): void {
  const why = isQualifiedName(key);
  for (const reason of why) errors.push(invalidValue(field, key, reason));
  if (why.length === 0 && !key.includes('/')) errors.push(invalidValue(field, key, 'must be a domain-prefixed key (such as "acme.io/foo")'));
}

function validateStub(errors: Errors, der: Buffer): void {
  if (der.length > REQUEST_MAX) return void errors.push(tooLong(STUB, REQUEST_MAX));
  let request: ReturnType<typeof parseDerRequest>;
  let key: KeyObject | undefined;
  try {
    request = parseDerRequest(der);
    key = publicKeyOf(request.publicKey);
  } catch {
    return void errors.push(omitted(STUB, 'must be a valid PKCS#10 CSR'));
  }
  if (key === undefined) return void errors.push(omitted(STUB, UNKNOWN_KEY));
  const before = errors.length;
  validateStrength(errors, key);
  if (errors.length > before) return;
  try {
    checkSignature(request);
  } catch {
    errors.push(omitted(STUB, 'invalid signature'));
  }
}

const UNKNOWN_KEY = 'unknown public key type; supported types are Ed25519, ECDSA, and RSA';
const TYPES = ['ed25519', 'ec', 'rsa'];

/** Undefined for a key of a type that is not taken. Throws for what is none. */
function publicKeyOf(der: Buffer): KeyObject | undefined {
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return TYPES.includes(key.asymmetricKeyType ?? '') ? key : undefined;
}

const CURVES: Record<string, string> = { secp224r1: 'P-224', prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

function validateStrength(errors: Errors, { asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): void {
  if (asymmetricKeyType === 'ec') {
    const curve = CURVES[details?.namedCurve ?? ''] ?? details?.namedCurve ?? '';
    if (!['P-256', 'P-384', 'P-521'].includes(curve))
      errors.push(invalidValue(STUB, `curve ${curve}`, 'elliptic public keys must use curve P256, P384, or P521'));
  }
  const bits = details?.modulusLength ?? 0;
  if (asymmetricKeyType === 'rsa' && bits !== 3072 && bits !== 4096)
    errors.push(invalidValue(STUB, `${bits}-bit modulus`, 'RSA keys must have modulus size 3072 or 4096'));
}

/** `old` is what the request was: its spec is still that. */
export function validatePodCertificateRequestStatus(errors: Errors, { status = {} }: PodCertificateRequest, old: PodCertificateRequest): void {
  if (errors.length > 0) return;
  validateOutcomes(errors, status.conditions ?? []);
  validateStatusConditions(errors, 'status.conditions', status.conditions);
  if (errors.length > 0) return;
  const before = old.status ?? {};
  const [issued, refused] = [isTrueIn(status.conditions, 'Issued'), isTrueIn(status.conditions, 'Denied') || isTrueIn(status.conditions, 'Failed')];
  const { conditions: _outcome, ...others } = status;
  if (OUTCOMES.some((type) => isTrueIn(before.conditions, type))) {
    if (!same(status, before)) errors.push(omitted('status', 'immutable after PodCertificateRequest is issued, denied, or failed'));
  } else if (refused) {
    if (!same(others, {})) errors.push(omitted('status', 'non-condition status fields must be empty when denying or failing the PodCertificateRequest'));
  } else if (issued) {
    validateIssued(errors, status, old.spec ?? {});
  } else if (!same(status, before)) {
    errors.push(omitted('status', 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"'));
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

function validateOutcomes(errors: Errors, conditions: readonly StatusCondition[]): void {
  let known = 0;
  for (const [i, { type = '', status = '' }] of conditions.entries()) {
    // Upstream's path has a dot here.
    const at = `status.conditions.[${i}]`;
    if (!OUTCOMES.includes(type)) {
      errors.push(notSupported(`${at}.type`, type, OUTCOMES));
      continue;
    }
    if (++known > 1) errors.push(invalidValue(`${at}.type`, type, 'There may be at most one condition with type "Issued", "Denied", or "Failed"'));
    if (status !== 'True') errors.push(notSupported(`${at}.status`, status, ['True']));
  }
}

function validateIssued(errors: Errors, status: Status, spec: Spec): void {
  const { certificateChain: chain = '' } = status;
  const wrong = (why: string): void => void errors.push(invalidValue(CHAIN, chain, why));
  if (chain.length > CHAIN_MAX) return void errors.push(tooLong(CHAIN, CHAIN_MAX));
  const [leafBlock, ...others] = pemBlocks(chain);
  if (leafBlock === undefined) return wrong('issued certificate chain must contain at least one certificate');
  if (leafBlock.type !== 'CERTIFICATE') return wrong(ONLY_CERTIFICATES);
  const leaf = certificateIn(leafBlock.text);
  if (leaf === undefined) return wrong('leaf certificate does not parse as valid X.509');
  validateNames(errors, leaf);
  if (!leaf.publicKey.equals(keyAskedFor(spec))) return wrong('leaf certificate was not issued to the requested public key');
  validateTimes(errors, leaf, status, spec);
  if (errors.length > 0) return;
  for (const { type, text } of others) {
    if (type !== 'CERTIFICATE') return wrong(ONLY_CERTIFICATES);
    if (certificateIn(text) === undefined) return wrong('intermediate certificate does not parse as valid X.509');
  }
}

/** Upstream's spelling. */
const ONLY_CERTIFICATES = 'issued certificate chain must consist entirely of CERTFICATE PEM blocks';

/** Of a request that was accepted. */
function keyAskedFor({ stubPKCS10Request = '' }: Spec): KeyObject {
  return createPublicKey({ key: parseDerRequest(Buffer.from(stubPKCS10Request, 'base64')).publicKey, format: 'der', type: 'spki' });
}

function validateNames(errors: Errors, leaf: X509Certificate): void {
  for (const name of (leaf.subjectAltName ?? '').split(', ')) {
    const [, kind, value = ''] = /^(DNS|email):(.*)$/.exec(name) ?? [];
    const wrong = (why: string): void => void errors.push(invalidValue(CHAIN, value, why));
    if (kind === 'email' && !/^[^\s@]+@[^\s@]+$/.test(value)) wrong('leaf certificate should not contain invalid EmailAddress');
    if (kind !== 'DNS') continue;
    if (value === '') wrong('leaf certificate should not contain empty DNSName');
    if (value.includes('..')) wrong("leaf certificate's DNSName should not contain '..'");
    if (value.startsWith('.') || value.endsWith('.')) wrong("leaf certificate's DNSName should not start or end with '.'");
  }
}

const MARGIN_MS = 10 * 60_000;

function validateTimes(errors: Errors, leaf: X509Certificate, { notBefore, notAfter, beginRefreshAt }: Status, { maxExpirationSeconds = 0 }: Spec): void {
  if (notBefore === undefined) errors.push(required('status.notBefore', 'must be present and consistent with the issued certificate'));
  if (notAfter === undefined) errors.push(required('status.notAfter', 'must be present and consistent with the issued certificate'));
  if (beginRefreshAt === undefined) errors.push(required('status.beginRefreshAt', 'must be present and in the range [notbefore+10min, notafter-10min]'));
  if (errors.length > 0) return;
  const [from, to, refresh] = [notBefore, notAfter, beginRefreshAt].map((text) => Date.parse(text ?? '')) as [number, number, number];
  const wrong = (field: string, at: number, why: string): void => void errors.push(invalidValue(`status.${field}`, goTime(at), why));
  if (from !== leaf.validFromDate.getTime()) return wrong('notBefore', from, 'must be set to the NotBefore time encoded in the leaf certificate');
  if (to !== leaf.validToDate.getTime()) return wrong('notAfter', to, 'must be set to the NotAfter time encoded in the leaf certificate');
  const seconds = (to - from) / 1000;
  const tooShort = seconds < HOUR_SECONDS;
  if (tooShort || seconds > maxExpirationSeconds) {
    const why = tooShort ? '>= 1 hour' : `<= spec.maxExpirationSeconds (${maxExpirationSeconds})`;
    return void errors.push(invalidValue(CHAIN, goDuration(seconds), `leaf certificate lifetime must be ${why}`));
  }
  if (refresh < from + MARGIN_MS) return wrong('beginRefreshAt', refresh, 'must be at least 10 minutes after status.notBefore');
  if (refresh > to - MARGIN_MS) wrong('beginRefreshAt', refresh, 'must be at least 10 minutes before status.notAfter');
}

/** '2026-01-01 00:00:00 +0000 UTC' */
function goTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
}

/** '1h30m0s' */
function goDuration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds % 60}s`;
}
