/** X.509 certificates on ECDSA P-256, as Kubernetes components expect them: CN is the user, each O a group. */
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import * as der from './der.ts';

/** Both PEM. */
export interface KeyPair {
  cert: string;
  key: string;
}

export interface Subject {
  commonName: string;
  organizations?: readonly string[];
}

interface Template {
  /** DER. */
  subject: Buffer;
  /** Epoch ms. */
  notBefore: number;
  notAfter: number;
  extensions: readonly Buffer[];
}

const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
/** As kubeadm: a year; `ensurePki` renews before that. */
const LEAF_DAYS = 365;
/** A clock that is behind must not take a new certificate for one of the future. */
const BACKDATE_MS = 3_600_000;

const ECDSA_WITH_SHA256 = der.sequence(der.objectIdentifier('1.2.840.10045.4.3.2'));
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const DIGITAL_SIGNATURE = [0];
const SIGN_CERTIFICATES = Buffer.from([0xa4]);

export function newCa(commonName: string, now: number): KeyPair {
  const { publicKey, privateKey } = newKey();
  const subject = distinguishedName({ commonName });
  const extensions = [
    extension('2.5.29.15', true, der.bitString(SIGN_CERTIFICATES, 2)),
    extension('2.5.29.19', true, der.sequence(der.boolean(true))),
    extension('2.5.29.14', false, der.octetString(keyIdentifier(publicKey))),
  ];
  const template = { subject, notBefore: now - BACKDATE_MS, notAfter: now + CA_DAYS * DAY_MS, extensions };
  return { cert: certificate(template, spki(publicKey), { subject, key: privateKey }), key: pem(privateKey) };
}

/** A server certificate for DNS names and IP addresses (`hosts` holds both). */
export function newServer(ca: KeyPair, commonName: string, hosts: readonly string[], now: number): KeyPair {
  return leaf(ca, { commonName }, SERVER_AUTH, now, alternativeNames(hosts.map(generalName)));
}

/** A client certificate: the API takes `commonName` for the user's name and `organizations` for its groups. */
export function newClient(ca: KeyPair, subject: Subject, now: number): KeyPair {
  return leaf(ca, subject, CLIENT_AUTH, now, []);
}

function leaf(ca: KeyPair, subject: Subject, usage: string, now: number, more: readonly Buffer[]): KeyPair {
  const { publicKey, privateKey } = newKey();
  const issuer = { authority: new X509Certificate(ca.cert), key: createPrivateKey(ca.key) };
  const terms = { notBefore: now - BACKDATE_MS, notAfter: now + LEAF_DAYS * DAY_MS, bits: DIGITAL_SIGNATURE, extended: [usage] };
  return { cert: issue(issuer, { subject: distinguishedName(subject), publicKey: spki(publicKey), more }, terms), key: pem(privateKey) };
}

/** A certificate that is no authority, in PEM. Names and key are DER; `bits` are X.509's key usages, `extended` identifiers of the extended ones. */
export function issue(
  issuer: { authority: X509Certificate; key: KeyObject },
  { subject, publicKey, more }: { subject: Buffer; publicKey: Buffer; more: readonly Buffer[] },
  { notBefore, notAfter, bits, extended }: { notBefore: number; notAfter: number; bits: readonly number[]; extended: readonly string[] },
): string {
  const extensions = [
    ...(bits.length === 0 ? [] : [extension('2.5.29.15', true, keyUsage(bits))]),
    ...(extended.length === 0 ? [] : [extension('2.5.29.37', false, der.sequence(...extended.map((usage) => der.objectIdentifier(usage))))]),
    extension('2.5.29.19', true, der.sequence()),
    extension('2.5.29.35', false, der.sequence(der.implicit(0, keyIdentifier(issuer.authority.publicKey)))),
    ...more,
  ];
  const name = distinguishedName({ commonName: issuer.authority.subject.replace(/^CN=/, '') });
  return certificate({ subject, notBefore, notAfter, extensions }, publicKey, { subject: name, key: issuer.key });
}

/** The extension that lists other names of the subject; each is a general name in DER. */
export function alternativeNames(names: readonly Buffer[]): Buffer[] {
  return names.length === 0 ? [] : [extension('2.5.29.17', false, der.sequence(...names))];
}

/** X.509 counts bits from the highest of the first byte, and leaves out what follows the last one set. */
function keyUsage(bits: readonly number[]): Buffer {
  const bytes = Buffer.alloc(Math.max(...bits) < 8 ? 1 : 2);
  for (const bit of bits) bytes[bit >> 3]! |= 0x80 >> (bit & 7);
  const last = bytes.at(-1)!;
  return der.bitString(bytes, 31 - Math.clz32(last & -last));
}

function certificate(template: Template, publicKey: Buffer, issuer: { subject: Buffer; key: KeyObject }): string {
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(serialNumber()),
    ECDSA_WITH_SHA256,
    issuer.subject,
    der.sequence(der.time(template.notBefore), der.time(template.notAfter)),
    template.subject,
    publicKey,
    der.explicit(3, der.sequence(...template.extensions)),
  );
  const signed = der.sequence(body, ECDSA_WITH_SHA256, der.bitString(sign('sha256', body, issuer.key)));
  const lines = signed.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** Positive and without leading zeros, as RFC 5280 wants it. */
function serialNumber(): Buffer {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

function distinguishedName({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (type: string, value: string): Buffer => der.set(der.sequence(der.objectIdentifier(type), der.utf8String(value)));
  return der.sequence(...organizations.map((name) => attribute('2.5.4.10', name)), attribute('2.5.4.3', commonName));
}

function generalName(host: string): Buffer {
  const family = isIP(host);
  if (family === 0) return der.implicit(2, Buffer.from(host, 'ascii'));
  return der.implicit(7, family === 4 ? Buffer.from(host.split('.').map(Number)) : ipv6Bytes(host));
}

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const words = (text: string): number[] => (text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16)));
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const all = [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]));
}

function extension(type: string, critical: boolean, value: Buffer): Buffer {
  return der.sequence(der.objectIdentifier(type), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
}

function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash('sha1').update(spki(publicKey)).digest();
}

function spki(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function newKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** A new P-256 key in PEM (PKCS #8). */
export function newPrivateKey(): string {
  return pem(newKey().privateKey);
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
