/** ClusterTrustBundles: authorities that pods trust, of a signer or of nobody. */
import { X509Certificate } from 'node:crypto';
import { pemBlocks } from '../certificates/pem.ts';
import { isDns1123Subdomain } from '../names.ts';
import type { KubeObject } from '../types.ts';
import { validateSignerName } from './certificates.ts';
import { immutable, invalidValue, named, tooLong, type Errors } from './field.ts';

export interface ClusterTrustBundle extends KubeObject {
  spec?: { signerName?: string; trustBundle?: string };
}

const MAX_BYTES = 1024 * 1024;
const FIELD = 'spec.trustBundle';

export function validateClusterTrustBundle(errors: Errors, bundle: ClusterTrustBundle, old: ClusterTrustBundle | undefined): void {
  const { signerName = '', trustBundle = '' } = bundle.spec ?? {};
  const { name } = bundle.metadata;
  if (old === undefined && name) named(errors, 'metadata.name', name, () => nameProblems(name, signerName));
  if (signerName !== '') validateSignerName(errors, signerName);
  // What was accepted once is not read again.
  if (old === undefined || old.spec?.trustBundle !== trustBundle) validateBundle(errors, trustBundle);
  if (old !== undefined) immutable(errors, 'spec.signerName', signerName, old.spec?.signerName ?? '');
}

function nameProblems(name: string, signerName: string): string[] {
  if (signerName === '') return name.includes(':') ? ['ClusterTrustBundle without signer name must not have ":" in its name'] : isDns1123Subdomain(name);
  const prefix = `${signerName.replaceAll('/', ':')}:`;
  if (!name.startsWith(prefix)) return [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${prefix}`];
  return isDns1123Subdomain(name.slice(prefix.length));
}

function validateBundle(errors: Errors, text: string): void {
  if (Buffer.byteLength(text) > MAX_BYTES) return void errors.push(tooLong(FIELD, MAX_BYTES));
  const wrong = (why: string): void => void errors.push(invalidValue(FIELD, '<value omitted>', why));
  const before = errors.length;
  const anchors = new Map<string, number[]>();
  for (const [i, { type, hasHeaders, text: block }] of pemBlocks(text).entries()) {
    if (type !== 'CERTIFICATE') wrong(`entry ${i} has bad block type: ${type}`);
    else if (hasHeaders) wrong(`entry ${i} has PEM block headers`);
    else {
      const certificate = certificateIn(block);
      if (certificate === undefined) wrong(`entry ${i} does not parse as X.509`);
      else if (!certificate.ca) wrong(`entry ${i} does not have the CA bit set`);
      else anchors.set(certificate.fingerprint256, [...(anchors.get(certificate.fingerprint256) ?? []), i]);
    }
  }
  if (errors.length > before) return;
  if (anchors.size === 0) wrong('at least one trust anchor must be provided');
  for (const indices of anchors.values()) if (indices.length > 1) wrong(`duplicate trust anchor (indices [${indices.join(' ')}])`);
}

/** Undefined for what is none. */
export function certificateIn(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block);
  } catch {
    return undefined;
  }
}
