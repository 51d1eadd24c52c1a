import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSignature, parseRequest } from './request.ts';

/** openssl req -new -subj /O=dev/O=ops/CN=jane -addext subjectAltName=DNS:a.example,IP:10.0.0.1,IP:fd00::1,email:j@example.com,URI:spiffe://x/y */
const RSA = `-----BEGIN CERTIFICATE REQUEST-----
MIICzDCCAbQCAQAwKzEMMAoGA1UECgwDZGV2MQwwCgYDVQQKDANvcHMxDTALBgNV
BAMMBGphbmUwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDgoY5YKa8V
X20WapTl7/Ku6fIkHH0guaIZsBz6us9O9rBHydJVEe0mr2RZmBi7dM6tUbeY8nHP
XC6JYeG6mzACubIAnO6cfwHxi0kBql7BB8/r+3Tw4683FDl5KJvYmU+8VVX7qF2l
pCGgWbQjo+Pdcc2QzwUVseLnWZGH/HqrzMbxUcNzhG9gEjTuS3BGng62h/Be8RyM
wmD/8RHLR41hKstat3GEa5r6PBP0whe9ctnlxOBewT5Hsap5xRoJMl0s9rOgMJgh
l4Ejhj1Ri9+lC90KdP1SqQIbxUE5sqz9VzVJWVOkLhIOO64v74DBzNFEkeIAf8R5
w6ZfS+mLYDKVAgMBAAGgXDBaBgkqhkiG9w0BCQ4xTTBLMEkGA1UdEQRCMECCCWEu
ZXhhbXBsZYcECgAAAYcQ/QAAAAAAAAAAAAAAAAAAAYENakBleGFtcGxlLmNvbYYM
c3BpZmZlOi8veC95MA0GCSqGSIb3DQEBCwUAA4IBAQAniJ1S1b8vKK3hl2Vq+Uzl
rsQCNCXPhzYiL+2BAg12hW2jkztXrp+UTij3bfdBlo5gNAjL4ea7I/1dz0pY6Ocg
gol9R1bcp+O2rhXRpXjBKJqi0O1zdCvmY9ThSXTqRYv1WU1McgmbFxH2kAH9QN66
zaHk+KWtkjEfqzHxVOjb5gLxERLwRJ0Rd0+sVg6yd5fwqjWpnjwy+khbUzY87yy6
DhZ5JrESYvYvfG/r+ocTRAVnTkmfFq/xLUx8Dv4WmhVMNq4cF5QbRMH2IqALCWPq
M7obnLownxoWQCbvvqD9y9i+9VwAGg605l3AmvMiNFBVYZjIhtNLqtzcL67eWfRS
-----END CERTIFICATE REQUEST-----
`;
const ED25519 = `-----BEGIN CERTIFICATE REQUEST-----
MIGMMEACAQAwDTELMAkGA1UEAwwCZWQwKjAFBgMrZXADIQBdHz9A7yNdHPk4JNT0
RyWa8AS/P340hr9PhLcY9X/L8KAAMAUGAytlcANBAKeF5Nd/9f5OuFJvNHL5WEem
dmjqNQfON92fYop/lVoOLcLTz95QoptUJMjX36zL8Uij/Z48wUhLbsbRctmThAk=
-----END CERTIFICATE REQUEST-----
`;

test('a request is read as openssl wrote it', () => {
  const request = parseRequest(RSA);
  assert.equal(request.commonName, 'jane');
  assert.deepEqual(request.organizations, ['dev', 'ops']);
  assert.deepEqual(request.dnsNames, ['a.example']);
  assert.deepEqual(request.emailAddresses, ['j@example.com']);
  assert.deepEqual(request.uris, ['spiffe://x/y']);
  assert.deepEqual(
    request.ipAddresses.map((ip) => ip.toString('hex')),
    ['0a000001', 'fd000000000000000000000000000001'],
  );
});

test('requests are signed by their own key', () => {
  for (const pem of [RSA, ED25519]) checkSignature(parseRequest(pem));
});

test('a request with one letter changed is not signed by its key', () => {
  const request = parseRequest(RSA);
  request.signed.bytes[20]! ^= 1;
  assert.throws(() => checkSignature(request), /crypto\/rsa: verification error/);
});

test('what is no request is refused', () => {
  assert.throws(() => parseRequest(''), /PEM block type must be CERTIFICATE REQUEST/);
  assert.throws(() => parseRequest(RSA.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE')), /PEM block type must be CERTIFICATE REQUEST/);
  const cut = RSA.split('\n');
  cut.splice(4, 3);
  assert.throws(() => parseRequest(cut.join('\n')), /asn1/);
});
