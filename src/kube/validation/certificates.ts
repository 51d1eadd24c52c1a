/** Certificate signing requests: each way to write one (main, status, approval) may change other parts. */
import { X509Certificate } from 'node:crypto';
import { pemBlocks } from '../certificates/pem.ts';
import { checkSignature, parseRequest } from '../certificates/request.ts';
import { LEGACY_UNKNOWN, USAGES } from '../certificates/signers.ts';
import { requestPem, type CertificateSigningRequest, type CsrCondition } from '../certificates/types.ts';
import { isDns1123Label, isDns1123Subdomain } from '../names.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required, sorted, tooLong, type Errors } from './field.ts';

const LASTING = ['Approved', 'Denied', 'Failed'];
const CONDITIONS = 'status.conditions';
/** As upstream writes the paths of what is told apart by a key. */
const EXCLUSIVE = ['Approved', 'Denied'].map((type) => `conditions[{"type": "${type}"}]`);
const DOMAIN_MAX = 253;
const LABEL_MAX = 63;
const EXPIRATION_MIN_SECONDS = 600;

export type CsrDoor = 'main' | 'status' | 'approval';

/** What was there before, however wrong, may stay. */
export function validateCertificateSigningRequest(
  errors: Errors,
  csr: CertificateSigningRequest,
  old: CertificateSigningRequest | undefined,
  door: CsrDoor = 'main',
): void {
  validateSpec(errors, csr, old);
  validateConditions(errors, csr, old);
  const certificate = csr.status?.certificate ?? '';
  const before = old?.status?.certificate ?? '';
  const wrong = certificate === '' || certificate === before ? undefined : certificateProblem(Buffer.from(certificate, 'base64').toString('latin1'));
  if (wrong !== undefined) errors.push(invalidValue('status.certificate', '<certificate data>', wrong));
  if (old !== undefined) validateChange(errors, csr, old, door);
}

function validateSpec(errors: Errors, csr: CertificateSigningRequest, old: CertificateSigningRequest | undefined): void {
  const { request = '', usages = [], signerName = '', expirationSeconds } = csr.spec ?? {};
  // The spec never changes: a request that was accepted is not looked at again.
  if (old === undefined || old.spec.request !== request) {
    try {
      checkSignature(parseRequest(requestPem(csr)));
    } catch (error) {
      errors.push(invalidValue('spec.request', request || undefined, (error as Error).message));
    }
  }
  if (usages.length === 0) errors.push(required('spec.usages'));
  if (old === undefined) {
    for (const [i, usage] of usages.entries()) if (!(usage in USAGES)) errors.push(notSupported(`spec.usages[${i}]`, usage, Object.keys(USAGES)));
    for (const [i, usage] of usages.entries()) if (usages.indexOf(usage) < i) errors.push(duplicate(`spec.usages[${i}]`, usage));
  }
  if (old === undefined && signerName === LEGACY_UNKNOWN)
    errors.push(invalidValue('spec.signerName', signerName, 'the legacy signerName is not allowed via this API version'));
  else validateSignerName(errors, signerName);
  if (expirationSeconds !== undefined && expirationSeconds < EXPIRATION_MIN_SECONDS)
    errors.push(invalidValue('spec.expirationSeconds', expirationSeconds, 'may not specify a duration less than 600 seconds (10 minutes)'));
}

/** Also of the other kinds that name a signer. */
export function validateSignerName(errors: Errors, signerName: string): void {
  const field = 'spec.signerName';
  if (signerName === '') return void errors.push(required(field));
  const [domain = '', path, ...more] = signerName.split('/');
  if (path === undefined || more.length > 0)
    return void errors.push(invalidValue(field, signerName, "must be a fully qualified domain and path of the form 'example.com/signer-name'"));
  if (domain.length > DOMAIN_MAX) errors.push(tooLong(field, DOMAIN_MAX));
  const labels = domain.split('.');
  firstProblem(errors, field, domain, labels, isDns1123Label);
  if (labels.length < 2) errors.push(invalidValue(field, domain, 'should be a domain with at least two segments separated by dots'));
  firstProblem(errors, field, path, path.split('.'), isDns1123Subdomain);
  const most = DOMAIN_MAX + DOMAIN_MAX + LABEL_MAX + 2;
  if (signerName.length > most) errors.push(tooLong(field, most));
}

function firstProblem(errors: Errors, field: string, value: string, labels: readonly string[], check: (label: string) => string[]): void {
  const label = labels.find((candidate) => check(candidate).length > 0);
  if (label === undefined) return;
  for (const why of check(label)) errors.push(invalidValue(field, value, `validating label ${JSON.stringify(label)}: ${why}`));
}

function validateConditions(errors: Errors, csr: CertificateSigningRequest, old: CertificateSigningRequest | undefined): void {
  const before = old?.status?.conditions ?? [];
  const conditions = csr.status?.conditions ?? [];
  const wereBoth = isThere(before, 'Approved') && isThere(before, 'Denied');
  const types = before.map(({ type }) => type);
  const wereDuplicate = new Set(types).size < types.length;
  for (const [i, { type = '', status = '' }] of conditions.entries()) {
    const at = `${CONDITIONS}[${i}]`;
    const earlier = conditions.slice(0, i);
    if (type === '' && !types.includes('')) errors.push(required(`${at}.type`));
    const allowed = LASTING.includes(type) ? ['True'] : ['True', 'False', 'Unknown'];
    if (status === '') errors.push(required(`${at}.status`));
    else if (!allowed.includes(status)) errors.push(notSupported(`${at}.status`, status, allowed));
    const opposite = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (!wereBoth && opposite !== undefined && isThere(earlier, opposite))
      errors.push(invalidValue(CONDITIONS, `{${EXCLUSIVE.join(', ')}}`, `must specify at most one of: ${EXCLUSIVE.map((path) => `\`${path}\``).join(', ')}`));
    if (!wereDuplicate && isThere(earlier, type)) errors.push(duplicate(`${at}.type`, type));
  }
}

function isThere(conditions: readonly CsrCondition[], type: string): boolean {
  return conditions.some((condition) => condition.type === type);
}

function validateChange(errors: Errors, csr: CertificateSigningRequest, old: CertificateSigningRequest, door: CsrDoor): void {
  const of = (object: CertificateSigningRequest, type: string): CsrCondition[] => (object.status?.conditions ?? []).filter((c) => c.type === type);
  for (const type of LASTING) {
    if (of(csr, type).length < of(old, type).length)
      errors.push(forbiddenField(CONDITIONS, `updates may not remove a condition of type ${JSON.stringify(type)}`));
  }
  for (const type of door === 'approval' ? [] : ['Approved', 'Denied']) {
    const now = of(csr, type);
    const before = of(old, type);
    if (now.length > before.length) errors.push(forbiddenField(CONDITIONS, `updates may not add a condition of type ${JSON.stringify(type)}`));
    else if (now.length === before.length && JSON.stringify(sorted(now)) !== JSON.stringify(sorted(before)))
      errors.push(forbiddenField(CONDITIONS, `updates may not modify a condition of type ${JSON.stringify(type)}`));
  }
  const certificate = csr.status?.certificate ?? '';
  const before = old.status?.certificate ?? '';
  if (certificate === before) return;
  if (door !== 'status') errors.push(forbiddenField('status.certificate', 'updates may not set certificate content'));
  else if (before !== '') errors.push(forbiddenField('status.certificate', 'updates may not modify existing certificate content'));
}

function certificateProblem(pem: string): string | undefined {
  const blocks = pemBlocks(pem);
  for (const { text, type, hasHeaders } of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    try {
      if (new X509Certificate(text).raw.length === 0) return 'x509: malformed certificate';
    } catch {
      return 'x509: malformed certificate';
    }
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}
