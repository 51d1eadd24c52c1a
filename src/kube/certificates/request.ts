/** Certificate requests (PKCS #10, RFC 2986): what one asks for, and whether whoever asks holds the key. */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readAll, readObjectIdentifier, readSequence, readText, type Element } from './der.ts';

export interface CertificateRequest {
  commonName: string;
  organizations: readonly string[];
  dnsNames: readonly string[];
  emailAddresses: readonly string[];
  /** As bytes: 4 or 16 each. */
  ipAddresses: readonly Buffer[];
  uris: readonly string[];
  /** DER: the subject's name; each general name of the kinds above; the public key (SubjectPublicKeyInfo). */
  subject: Buffer;
  alternativeNames: readonly Buffer[];
  publicKey: Buffer;
  signed: { bytes: Buffer; algorithm: string; signature: Buffer };
}

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s*\n([A-Za-z0-9+/=\s]*)-----END \1-----/;

/** Throws an Error with upstream's words as far as they are Kubernetes' own. */
export function parseRequest(pem: string): CertificateRequest {
  const [, type, body] = PEM_BLOCK.exec(pem) ?? [];
  if (type !== 'CERTIFICATE REQUEST' || body === undefined) throw new Error('PEM block type must be CERTIFICATE REQUEST');
  return parseDerRequest(Buffer.from(body, 'base64'));
}

/** The same without PEM around it. */
export function parseDerRequest(der: Buffer): CertificateRequest {
  const [information, algorithm, signature] = readSequence(der);
  const [, subject, publicKey, attributes] = information === undefined ? [] : readAll(information.content);
  if (information === undefined || subject === undefined || publicKey === undefined || algorithm === undefined || signature?.tag !== 0x03)
    throw new Error('asn1: structure error: not a certificate request');
  const names = attributes === undefined ? [] : alternativeNames(attributes);
  const texts = (tag: number): string[] => names.filter((name) => name.tag === tag).map((name) => name.content.toString('latin1'));
  return {
    ...subjectOf(subject),
    emailAddresses: texts(0x81),
    dnsNames: texts(0x82),
    uris: texts(0x86),
    ipAddresses: names.filter((name) => name.tag === 0x87).map((name) => name.content),
    subject: subject.raw,
    alternativeNames: names.map((name) => name.raw),
    publicKey: publicKey.raw,
    // The first byte of a bit string counts the bits that are not used.
    signed: { bytes: information.raw, algorithm: identifierOf(algorithm), signature: signature.content.subarray(1) },
  };
}

function identifierOf(algorithm: Element): string {
  const [identifier] = readAll(algorithm.content);
  return identifier === undefined ? '' : readObjectIdentifier(identifier.content);
}

function subjectOf(name: Element): { commonName: string; organizations: string[] } {
  let commonName = '';
  const organizations: string[] = [];
  for (const set of readAll(name.content)) {
    for (const attribute of readAll(set.content)) {
      const [type, value] = readAll(attribute.content);
      if (type === undefined || value === undefined) continue;
      const identifier = readObjectIdentifier(type.content);
      if (identifier === COMMON_NAME) commonName = readText(value);
      else if (identifier === ORGANIZATION) organizations.push(readText(value));
    }
  }
  return { commonName, organizations };
}

/** Only of the kinds that certificates here may carry: email, DNS, URI, IP. */
function alternativeNames(attributes: Element): Element[] {
  for (const attribute of readAll(attributes.content)) {
    const [type, values] = readAll(attribute.content);
    if (type === undefined || values === undefined || readObjectIdentifier(type.content) !== EXTENSION_REQUEST) continue;
    for (const extensions of readAll(values.content)) {
      for (const extension of readAll(extensions.content)) {
        const parts = readAll(extension.content);
        const value = parts.at(-1);
        if (parts[0] === undefined || value === undefined || readObjectIdentifier(parts[0].content) !== SUBJECT_ALTERNATIVE_NAME) continue;
        return readSequence(value.content).filter(({ tag }) => [0x81, 0x82, 0x86, 0x87].includes(tag));
      }
    }
  }
  return [];
}

/** Hash and kind of key by the algorithm's identifier; SHA-1 and older are not taken. */
const ALGORITHMS: Record<string, [hash: string | null, keyType: string, failure: string]> = {
  '1.2.840.10045.4.3.2': ['sha256', 'ec', 'x509: ECDSA verification failure'],
  '1.2.840.10045.4.3.3': ['sha384', 'ec', 'x509: ECDSA verification failure'],
  '1.2.840.10045.4.3.4': ['sha512', 'ec', 'x509: ECDSA verification failure'],
  '1.2.840.113549.1.1.11': ['sha256', 'rsa', 'crypto/rsa: verification error'],
  '1.2.840.113549.1.1.12': ['sha384', 'rsa', 'crypto/rsa: verification error'],
  '1.2.840.113549.1.1.13': ['sha512', 'rsa', 'crypto/rsa: verification error'],
  '1.3.101.112': [null, 'ed25519', 'x509: Ed25519 verification failure'],
};

/** Throws an Error unless the request is signed by the key it names. */
export function checkSignature({ publicKey, signed }: CertificateRequest): void {
  const algorithm = ALGORITHMS[signed.algorithm];
  if (algorithm === undefined) throw new Error('x509: cannot verify signature: algorithm unimplemented');
  const [hash, keyType, failure] = algorithm;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
  } catch {
    throw new Error('x509: unsupported public key');
  }
  if (key.asymmetricKeyType !== keyType || !verify(hash, signed.bytes, key, signed.signature)) throw new Error(failure);
}
