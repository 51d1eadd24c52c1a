/**
 * The keys of a cluster: its own certificate authority, the server's certificate, the client certificates of what runs
 * outside the cluster process, and the key that signs service-account tokens. Made once, kept in files only root can read.
 */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newCa, newClient, newPrivateKey, newServer, type KeyPair } from './certificates.ts';

export { newClient, newServer, type KeyPair } from './certificates.ts';
export { writeKubeconfig } from './kubeconfig.ts';
export { certificateSigner } from './sign.ts';

export interface Pki {
  /** PEM of the CA's certificate. */
  ca: string;
  caKey: string;
  server: KeyPair;
  /** Of group system:masters: may do everything. */
  admin: KeyPair;
  /** system:kube-proxy, for the network process. */
  dataPlane: KeyPair;
  /** By which this server is known to those behind it: an authority of its own, so that its certificates are worth nothing here. */
  frontProxy: { ca: string; client: KeyPair };
  /** Signs service-account tokens (ES256); PEM. */
  serviceAccountKey: string;
}

const SERVER_NAMES = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];
const RENEW_BEFORE_MS = 90 * 86_400_000;

/**
 * Reads the keys under `dir`, making what is missing, close to its end, or (the server's certificate) made for other
 * names. Synchronous: 5 files, 10 ms when all is new. Throws an Error that names the file that cannot be read or written.
 */
export function ensurePki(dir: string, hosts: { names?: readonly string[]; ips: readonly string[] }, now = Date.now()): Pki {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const caFile = pairFile(dir, 'ca');
  let ca = readPair(caFile);
  const fresh = ca === undefined;
  if (ca === undefined) writePair(caFile, (ca = newCa('kubernetes', now)));
  const authority = ca;
  const ensure = (name: string, make: () => KeyPair, stillGood: (cert: X509Certificate) => boolean = () => true): KeyPair => {
    const file = pairFile(dir, name);
    const found = fresh ? undefined : readPair(file);
    if (found !== undefined && usable(found, authority, now, stillGood)) return found;
    const made = make();
    writePair(file, made);
    return made;
  };
  const serverHosts = [...new Set([...SERVER_NAMES, ...(hosts.names ?? []), '127.0.0.1', '::1', ...hosts.ips])];
  const frontProxyFile = pairFile(dir, 'front-proxy-ca');
  let frontProxyCa = readPair(frontProxyFile);
  if (frontProxyCa === undefined) writePair(frontProxyFile, (frontProxyCa = newCa('front-proxy-ca', now)));
  const frontProxyAuthority = frontProxyCa;
  return {
    ca: authority.cert,
    caKey: authority.key,
    server: ensure(
      'apiserver',
      () => newServer(authority, 'kube-apiserver', serverHosts, now),
      (cert) => coversAll(cert, serverHosts),
    ),
    admin: ensure('admin', () => newClient(authority, { commonName: 'kubernetes-admin', organizations: ['system:masters'] }, now)),
    dataPlane: ensure('kube-proxy', () => newClient(authority, { commonName: 'system:kube-proxy' }, now)),
    frontProxy: { ca: frontProxyAuthority.cert, client: ensureFrontProxy(dir, frontProxyAuthority, now) },
    serviceAccountKey: ensureKey(join(dir, 'sa.key')),
  };
}

function ensureFrontProxy(dir: string, ca: KeyPair, now: number): KeyPair {
  const file = pairFile(dir, 'front-proxy-client');
  const found = readPair(file);
  if (found !== undefined && usable(found, ca, now, () => true)) return found;
  const made = newClient(ca, { commonName: 'front-proxy-client' }, now);
  writePair(file, made);
  return made;
}

function usable(pair: KeyPair, ca: KeyPair, now: number, stillGood: (cert: X509Certificate) => boolean): boolean {
  const cert = new X509Certificate(pair.cert);
  return cert.validToDate.getTime() - now > RENEW_BEFORE_MS && cert.verify(new X509Certificate(ca.cert).publicKey) && stillGood(cert);
}

function coversAll(cert: X509Certificate, hosts: readonly string[]): boolean {
  return hosts.every((host) => cert.checkHost(host) !== undefined || (/[:]|^[\d.]+$/.test(host) && cert.checkIP(host) !== undefined));
}

function ensureKey(file: string): string {
  const found = read(file);
  if (found !== undefined) return found;
  const key = newPrivateKey();
  write(file, key);
  return key;
}

/** Certificate and key lie in one file, so that a crash never leaves one without the other. */
function pairFile(dir: string, name: string): string {
  return join(dir, `${name}.pem`);
}

function readPair(file: string): KeyPair | undefined {
  const text = read(file);
  if (text === undefined) return undefined;
  const split = text.indexOf('-----BEGIN PRIVATE KEY-----');
  if (split < 0) throw new Error(`${file} holds no private key; remove it and start again to have it made anew`);
  return { cert: text.slice(0, split), key: text.slice(split) };
}

function writePair(file: string, pair: KeyPair): void {
  write(file, pair.cert + pair.key);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function write(file: string, text: string): void {
  const temporary = `${file}.new`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, file);
}
