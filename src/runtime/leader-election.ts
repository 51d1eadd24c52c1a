/** One of several processes leads: a Lease names it, and it keeps the Lease fresh (client-go's leaderelection, its timings). */
import { leases } from '../kube/resources.ts';
import { isNotFound } from '../kube/status.ts';
import type { Lease } from '../kube/types.ts';
import { microTimestamp } from './clock.ts';
import type { Controller, ControllerContext } from './controller.ts';

export interface LeaderElectionOptions {
  /** The Lease. */
  name: string;
  namespace: string;
  /** Who this process is, unlike any other: host name and a UUID. */
  identity: string;
  /** A Lease not renewed for so long may be taken; default 15 s. */
  leaseDurationMs?: number;
  /** A leader that could not renew for so long gives up; default 10 s. */
  renewDeadlineMs?: number;
  /** Between tries; default 2 s. */
  retryPeriodMs?: number;
}

/** When the Lease was last seen to change, by the own clock: clocks of other machines are not trusted. */
interface Observation {
  fingerprint: string;
  atMs: number;
}

/**
 * A Controller that runs `lead` while this process leads. `lead` gets a signal that aborts when leadership is lost or the
 * process ends; once lost, the election starts anew. On a clean end the Lease is given back.
 */
export function leaderElected(ctx: ControllerContext, options: LeaderElectionOptions, lead: (signal: AbortSignal) => Promise<void>): Controller {
  const leaseDurationMs = options.leaseDurationMs ?? 15_000;
  const renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
  const retryPeriodMs = options.retryPeriodMs ?? 2_000;
  if (leaseDurationMs <= renewDeadlineMs || renewDeadlineMs <= retryPeriodMs) {
    throw new Error('leader election: leaseDurationMs > renewDeadlineMs > retryPeriodMs must hold');
  }
  const { client, clock, log } = ctx;
  const key = { namespace: options.namespace, name: options.name };
  let observed: Observation | undefined;

  /** Answers whether the Lease is ours now; throws when the API does. */
  async function tryAcquire(): Promise<boolean> {
    const now = microTimestamp(clock.monotonic());
    const spec = { holderIdentity: options.identity, leaseDurationSeconds: leaseDurationMs / 1000, renewTime: now };
    let lease: Lease;
    try {
      lease = await client.get(leases, key);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const fresh: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: key, spec: { ...spec, acquireTime: now, leaseTransitions: 0 } };
      await client.create(leases, fresh);
      return true;
    }
    const holder = lease.spec?.holderIdentity ?? '';
    const fingerprint = `${holder}\n${lease.spec?.renewTime ?? ''}`;
    if (observed?.fingerprint !== fingerprint) observed = { fingerprint, atMs: clock.monotonic() };
    const ours = holder === options.identity;
    const validForMs = (lease.spec?.leaseDurationSeconds ?? leaseDurationMs / 1000) * 1000;
    if (!ours && holder !== '' && clock.monotonic() < observed.atMs + validForMs) return false;
    const transitions = (lease.spec?.leaseTransitions ?? 0) + (ours ? 0 : 1);
    const acquireTime = ours ? (lease.spec?.acquireTime ?? now) : now;
    await client.update(leases, { ...lease, spec: { ...lease.spec, ...spec, acquireTime, leaseTransitions: transitions } });
    return true;
  }

  async function attempt(): Promise<boolean> {
    try {
      return await tryAcquire();
    } catch (error) {
      log.debug('leader election: try failed', { lease: options.name, error: String(error) });
      return false;
    }
  }

  async function renew(signal: AbortSignal): Promise<void> {
    let renewedMs = clock.monotonic();
    while (!signal.aborted) {
      await clock.sleep(retryPeriodMs, signal);
      if (signal.aborted) return;
      if (await attempt()) renewedMs = clock.monotonic();
      else if (clock.monotonic() - renewedMs >= renewDeadlineMs) return;
    }
  }

  async function release(): Promise<void> {
    try {
      const lease = await client.get(leases, key);
      if (lease.spec?.holderIdentity !== options.identity) return;
      await client.update(leases, { ...lease, spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 } });
    } catch (error) {
      log.debug('leader election: the lease was not given back', { lease: options.name, error: String(error) });
    }
  }

  return {
    name: `leader-election/${options.name}`,
    async run(signal) {
      while (!signal.aborted) {
        while (!signal.aborted && !(await attempt())) await clock.sleep(retryPeriodMs * (1 + 0.2 * ctx.random.next()), signal);
        if (signal.aborted) return;
        log.info('leading', { lease: options.name });
        const leading = new AbortController();
        const stop = () => leading.abort();
        signal.addEventListener('abort', stop, { once: true });
        const work = lead(leading.signal).catch((error: unknown) => log.error('leading failed', { lease: options.name, error: String(error) }));
        await Promise.race([renew(leading.signal), work]);
        leading.abort();
        signal.removeEventListener('abort', stop);
        await work;
        if (signal.aborted) await release();
        else log.warn('no longer leading', { lease: options.name });
      }
    },
  };
}
