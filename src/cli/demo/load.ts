/**
 * The client of the experiment: sends requests at a fixed rate, whether or not answers come (open loop),
 * and measures each from the moment it was due.
 */
import http from 'node:http';

export interface LoadResult {
  sent: number;
  failed: number;
  /** Distinct pods that answered, by the hostname in podinfo's answer. */
  pods: number;
  p50Ms: number;
  p99Ms: number;
}

export interface Load {
  /** Answers in the last whole second. */
  requestsPerSecond(): number;
  stop(): Promise<LoadResult>;
}

const TIMEOUT_MS = 5_000;
const TICK_MS = 10;

/** `ratePerSecond` requests to `url`; every request on a connection of its own, so that a service balances each. */
export function startLoad(url: string, ratePerSecond: number): Load {
  const latenciesMs: number[] = [];
  const hostnames = new Set<string>();
  const answeredPerSecond = new Map<number, number>();
  const startedAt = performance.now();
  let sent = 0;
  let failed = 0;
  const inFlight = new Set<Promise<void>>();

  const send = (dueAt: number): void => {
    const request = requestOnce(url).then(
      (body) => {
        const now = performance.now();
        latenciesMs.push(now - dueAt);
        const second = Math.floor(now / 1000);
        answeredPerSecond.set(second, (answeredPerSecond.get(second) ?? 0) + 1);
        const hostname = /"hostname":\s*"([^"]*)"/.exec(body)?.[1];
        if (hostname) hostnames.add(hostname);
      },
      () => {
        failed++;
      },
    );
    inFlight.add(request);
    void request.finally(() => inFlight.delete(request));
  };

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * ratePerSecond);
    while (sent < due) send(startedAt + (++sent / ratePerSecond) * 1000);
  }, TICK_MS);

  return {
    requestsPerSecond: () => answeredPerSecond.get(Math.floor(performance.now() / 1000) - 1) ?? 0,
    async stop() {
      clearInterval(timer);
      await Promise.all(inFlight);
      latenciesMs.sort((a, b) => a - b);
      const at = (share: number): number => latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? 0;
      return { sent, failed, pods: hostnames.size, p50Ms: at(0.5), p99Ms: at(0.99) };
    },
  };
}

function requestOnce(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false, timeout: TIMEOUT_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => (response.statusCode === 200 ? resolve(body) : reject(new Error(`status ${response.statusCode}`))));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.on('error', reject);
  });
}
