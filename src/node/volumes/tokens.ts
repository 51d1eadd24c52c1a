/** Service account tokens of one pod, asked for when needed and anew before they end. */
import { serviceAccounts } from '../../kube/resources.ts';
import type { KubeObject, Pod } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import type { Clock } from '../../runtime/clock.ts';

/** Upstream asks anew at 80 % of the token's life, or after a day. */
const REFRESH_SHARE = 0.8;
const REFRESH_MAX_MS = 24 * 3_600_000;

interface TokenRequest extends KubeObject {
  spec: object;
  status?: { token: string; expirationTimestamp: string };
}

export class PodTokens {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #kept = new Map<string, { token: string; refreshAtMs: number }>();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async get(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<string> {
    const key = `${audience ?? ''}\n${expirationSeconds}`;
    const kept = this.#kept.get(key);
    const now = this.#clock.now();
    if (kept !== undefined && now < kept.refreshAtMs) return kept.token;
    const { namespace = '', name = '', uid = '' } = pod.metadata;
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: {
        ...(audience ? { audiences: [audience] } : {}),
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    };
    const account = pod.spec?.serviceAccountName || 'default';
    const answer = (await this.#client.createSubresource(serviceAccounts, { namespace, name: account }, 'token', request)) as TokenRequest;
    if (answer.status === undefined) throw new Error(`the API gave no token for service account "${account}"`);
    const lifeMs = Date.parse(answer.status.expirationTimestamp) - now;
    this.#kept.set(key, { token: answer.status.token, refreshAtMs: now + Math.min(lifeMs * REFRESH_SHARE, REFRESH_MAX_MS) });
    return answer.status.token;
  }
}
