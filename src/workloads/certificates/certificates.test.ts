import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateSigningRequest, CsrCondition } from '../../kube/certificates/types.ts';
import { removableAt } from './cleaner.ts';
import { validity } from './signer.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

test('a certificate lives as long as asked for, between ten minutes and a year', () => {
  const life = (seconds?: number): number => validity(seconds, 0).notAfter;
  assert.equal(validity(3600, 0).notBefore, -5 * MINUTE);
  assert.equal(life(3600), HOUR, 'a short life is not cut by the backdating');
  assert.equal(life(1), 10 * MINUTE);
  assert.equal(life(86_400), 24 * HOUR - 5 * MINUTE);
  assert.equal(life(), 365 * 24 * HOUR - 5 * MINUTE);
  assert.equal(life(10 ** 9), 365 * 24 * HOUR - 5 * MINUTE);
});

function csr(conditions: CsrCondition[], certificate?: string): CertificateSigningRequest {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'a', creationTimestamp: new Date(0).toISOString() },
    spec: {},
    status: { conditions, ...(certificate === undefined ? {} : { certificate }) },
  };
}

for (const [title, conditions, certificate, hours] of [
  ['that nobody looked at goes after a day', [], undefined, 24],
  ['that was denied goes after an hour', ['Denied'], undefined, 2],
  ['that failed goes after an hour', ['Approved', 'Failed'], undefined, 2],
  ['that was issued goes after an hour', ['Approved'], btoa('no certificate'), 2],
  ['that waits for its signer goes a day after it was approved', ['Approved'], undefined, 25],
  ['of another condition stays', ['Other'], undefined, Infinity],
] as const)
  test(`a request ${title}`, () => {
    const lastUpdateTime = new Date(HOUR).toISOString();
    const all = conditions.map((type) => ({ type, status: 'True', lastUpdateTime }));
    assert.equal(removableAt(csr(all, certificate)), hours * HOUR);
  });
