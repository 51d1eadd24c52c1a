import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { ensurePki, newClient, writeKubeconfig } from './index.ts';

const dir = mkdtempSync(join(tmpdir(), 'argosy-pki-'));
after(() => rmSync(dir, { recursive: true }));

test('a second start reads the same keys', () => {
  const first = ensurePki(join(dir, 'again'), { ips: ['172.30.1.1'] });
  assert.deepEqual(ensurePki(join(dir, 'again'), { ips: ['172.30.1.1'] }), first);
});

test('another address makes another server certificate and leaves the rest', () => {
  const first = ensurePki(join(dir, 'address'), { ips: ['172.30.1.1'] });
  const second = ensurePki(join(dir, 'address'), { ips: ['172.30.2.1'] });
  assert.notEqual(second.server.cert, first.server.cert);
  assert.equal(new X509Certificate(second.server.cert).checkIP('172.30.2.1'), '172.30.2.1');
  assert.deepEqual({ ...second, server: undefined }, { ...first, server: undefined });
});

test('certificates close to their end are renewed under the same authority', () => {
  const first = ensurePki(join(dir, 'old'), { ips: [] });
  const later = Date.now() + 300 * 86_400_000;
  const second = ensurePki(join(dir, 'old'), { ips: [] }, later);
  assert.equal(second.ca, first.ca);
  assert.notEqual(second.admin.cert, first.admin.cert);
});

test('only the owner can read the files', () => {
  const own = join(dir, 'mode');
  const pki = ensurePki(own, { ips: [] });
  writeKubeconfig(join(own, 'kubeconfig'), { name: 'a', server: 'https://127.0.0.1:1', ca: pki.ca, ...pki.admin });
  for (const file of readdirSync(own)) assert.equal(statSync(join(own, file)).mode & 0o777, 0o600, file);
  assert.match(readFileSync(join(own, 'kubeconfig'), 'utf8'), /current-context: "a"/);
});

test('TLS works both ways, and the client is known by name and groups', async () => {
  const pki = ensurePki(join(dir, 'tls'), { ips: ['fd00::1'] });
  const user = newClient({ cert: pki.ca, key: pki.caKey }, { commonName: 'jane', organizations: ['dev', 'ops'] }, Date.now());
  const server = createServer({ ...pki.server, ca: pki.ca, requestCert: true, rejectUnauthorized: false }, (req, res) => {
    const socket = req.socket as TLSSocket;
    res.end(JSON.stringify([socket.authorized, socket.getPeerCertificate().subject]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const body = await new Promise<string>((resolve, reject) => {
    request({ host: '127.0.0.1', port, ca: pki.ca, ...user }, (res) => {
      let text = '';
      res.on('data', (chunk: Buffer) => (text += chunk.toString()));
      res.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
  server.close();
  assert.deepEqual(JSON.parse(body), [true, { CN: 'jane', O: ['dev', 'ops'] }]);
});
