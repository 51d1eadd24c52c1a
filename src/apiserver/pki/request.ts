/** Certificate requests, as a client writes them. */
import { generateKeyPairSync, sign } from 'node:crypto';
import * as der from './der.ts';

export interface RequestWishes {
  commonName: string;
  organizations?: readonly string[];
  dnsNames?: readonly string[];
  /** Signed by another key than the one it names: for tests of who looks. */
  forged?: boolean;
}

/** PEM of the request and of its private key. */
export function newRequest({ commonName, organizations = [], dnsNames = [], forged = false }: RequestWishes): { request: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = forged ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : privateKey;
  const attribute = (type: string, value: string): Buffer => der.set(der.sequence(der.objectIdentifier(type), der.utf8String(value)));
  const names = der.sequence(...dnsNames.map((name) => der.implicit(2, Buffer.from(name))));
  const extensions = der.sequence(der.sequence(der.objectIdentifier('2.5.29.17'), der.octetString(names)));
  const information = der.sequence(
    der.integer(Buffer.from([0])),
    der.sequence(...organizations.map((name) => attribute('2.5.4.10', name)), attribute('2.5.4.3', commonName)),
    publicKey.export({ type: 'spki', format: 'der' }),
    dnsNames.length === 0 ? der.explicit(0) : der.explicit(0, der.sequence(der.objectIdentifier('1.2.840.113549.1.9.14'), der.set(extensions))),
  );
  const algorithm = der.sequence(der.objectIdentifier('1.2.840.10045.4.3.2'));
  const whole = der.sequence(information, algorithm, der.bitString(sign('sha256', information, signer)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    request: `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
