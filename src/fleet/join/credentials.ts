/** An agent's certificate: asked for with a token, renewed in time with itself. */
import { X509Certificate } from 'node:crypto';
import { API_CLIENT } from '../../kube/certificates/signers.ts';
import { hasCondition, type CertificateSigningRequest } from '../../kube/certificates/types.ts';
import { certificateSigningRequests } from '../../kube/resources.ts';
import type { Client } from '../../runtime/client.ts';
import type { Clock } from '../../runtime/clock.ts';
import { nameSuffix, type Random } from '../../runtime/random.ts';
import { AGENTS, agentUser, type HubAccess } from './names.ts';

/** Of its life, when a certificate is renewed. */
const RENEW_AT = 0.8;
const POLL_MS = 50;
const GIVE_UP_MS = 30_000;

export type CredentialStep =
  /** The first certificate, or one in place of what is over. */
  | { do: 'ask with token' }
  | { do: 'renew' }
  /** Good until then: look again after so many milliseconds. */
  | { do: 'use'; forMs: number }
  | { do: 'nothing'; why: string };

/** What an agent does about its certificate at `now` (epoch ms). Pure. */
export function credentialStep(access: HubAccess, now: number): CredentialStep {
  const { cert, key, token, cluster } = access;
  const has = token === undefined ? ({ do: 'nothing', why: `run argosy join ${cluster} again` } as const) : ({ do: 'ask with token' } as const);
  if (cert === undefined || key === undefined)
    return has.do === 'nothing' ? { ...has, why: `there is neither a certificate nor a token for the hub: ${has.why}` } : has;
  let known: X509Certificate;
  try {
    known = new X509Certificate(cert);
  } catch {
    return has.do === 'nothing' ? { ...has, why: `the certificate for the hub cannot be read: ${has.why}` } : has;
  }
  const [from, until] = [known.validFromDate.getTime(), known.validToDate.getTime()];
  if (now >= until)
    return has.do === 'nothing' ? { ...has, why: `the certificate for the hub expired on ${known.validToDate.toISOString()}: ${has.why}` } : has;
  const renewAt = from + (until - from) * RENEW_AT;
  return now >= renewAt ? { do: 'renew' } : { do: 'use', forMs: renewAt - now };
}

/** Makes a key and the request for it. */
export type NewRequest = (subject: { commonName: string; organizations: readonly string[] }) => { request: string; key: string };

export interface AskWorld {
  /** With the token's rights, or those of the certificate before. */
  hub: Client;
  clock: Clock;
  random: Random;
  newRequest: NewRequest;
  /** Seconds; absent: as long as the hub gives. */
  lifeSeconds?: number;
}

/** Asks the hub for a certificate and waits for it. Rejects with the reason when it is denied, or not given within 30 s. */
export async function askForCertificate(
  cluster: string,
  { hub, clock, random, newRequest, lifeSeconds }: AskWorld,
  signal: AbortSignal,
): Promise<{ cert: string; key: string }> {
  const { request, key } = newRequest({ commonName: agentUser(cluster), organizations: [AGENTS] });
  const name = `agent-${cluster}-${nameSuffix(random)}`;
  await hub.create(certificateSigningRequests, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(request).toString('base64'),
      signerName: API_CLIENT,
      usages: ['client auth'],
      ...(lifeSeconds === undefined ? {} : { expirationSeconds: lifeSeconds }),
    },
  } as CertificateSigningRequest);
  const deadline = clock.monotonic() + GIVE_UP_MS;
  while (!signal.aborted) {
    const csr = await hub.get(certificateSigningRequests, { name });
    if (csr.status?.certificate) return { cert: Buffer.from(csr.status.certificate, 'base64').toString('utf8'), key };
    for (const type of ['Denied', 'Failed']) {
      if (hasCondition(csr, type))
        throw new Error(`the hub's answer to the request for a certificate: ${type}: ${csr.status?.conditions?.at(-1)?.message ?? ''}`);
    }
    if (clock.monotonic() > deadline) throw new Error(`the hub has not approved the request for a certificate (${name}) within ${GIVE_UP_MS / 1000} s`);
    await clock.sleep(POLL_MS, signal);
  }
  throw new Error('stopped while waiting for a certificate');
}
