/** Asks a container how it is: by HTTP, TCP, gRPC or a command. */
import { request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container, Pod } from '../../kube/types.ts';
import type { Clock } from '../../runtime/clock.ts';
import { countResult, nextTryMs, UNPROBED } from './probe-state.ts';

export type Probe = NonNullable<Container['livenessProbe']>;
export type ProbeKind = 'Startup' | 'Liveness' | 'Readiness';

export interface ProbeResult {
  success: boolean;
  /** What went wrong, as upstream words it. */
  message: string;
}

export interface ProbeTarget {
  pod: Pod;
  container: Container;
  podIp: string;
  /** Runs a command in the container; rejects when it takes longer than `timeoutMs`. */
  exec(command: readonly string[], timeoutMs: number): Promise<{ exitCode: number; output: string }>;
}

const OUTPUT_MAX = 10 * 1024;

export async function probeOnce(probe: Probe, target: ProbeTarget): Promise<ProbeResult> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.exec) {
      const { exitCode, output } = await target.exec(probe.exec.command ?? [], timeoutMs);
      return { success: exitCode === 0, message: output.slice(0, OUTPUT_MAX) };
    }
    if (probe.httpGet) return await probeHttp(probe.httpGet, target, timeoutMs);
    if (probe.tcpSocket) return await probeTcp(probe.tcpSocket.host || target.podIp, portOf(probe.tcpSocket.port, target.container), timeoutMs);
    if (probe.grpc) return await probeGrpc(target.podIp, probe.grpc.port, probe.grpc.service ?? '', timeoutMs);
    return { success: true, message: '' };
  } catch (error) {
    return { success: false, message: error instanceof Error ? error.message : String(error) };
  }
}

type HttpGet = NonNullable<Probe['httpGet']>;

/** Also used by lifecycle hooks. */
export function httpGet(
  action: HttpGet,
  target: Pick<ProbeTarget, 'container' | 'podIp'>,
  timeoutMs: number,
): Promise<{ status: number; body: string; url: string }> {
  const host = action.host || target.podIp;
  const port = portOf(action.port, target.container);
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const path = (action.path ?? '/').startsWith('/') ? (action.path ?? '/') : `/${action.path}`;
  const url = `${scheme}://${host}:${port}${path}`;
  const headers: Record<string, string> = { 'User-Agent': 'kube-probe/1.37', Accept: '*/*', Connection: 'close' };
  for (const { name, value } of action.httpHeaders ?? []) headers[name] = value;
  const goUrl = `Get "${url}"`;
  return new Promise((resolve, reject) => {
    const options = { host, port, path, headers, agent: false, timeout: timeoutMs, rejectUnauthorized: false };
    const request = (scheme === 'https' ? httpsRequest : httpRequest)(options, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        if (body.length < OUTPUT_MAX) body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, url }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`${goUrl}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)`)));
    request.on('error', (error: NodeJS.ErrnoException) => reject(error.code === undefined ? error : new Error(`${goUrl}: ${dialError(error, host, port)}`)));
    request.end();
  });
}

async function probeHttp(action: HttpGet, target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  const { status } = await httpGet(action, target, timeoutMs);
  return { success: status >= 200 && status < 400, message: `HTTP probe failed with statuscode: ${status}` };
}

function probeTcp(host: string, port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const done = (success: boolean, message: string) => {
      socket.destroy();
      resolve({ success, message });
    };
    socket.on('connect', () => done(true, ''));
    socket.on('timeout', () => done(false, `dial tcp ${host}:${port}: i/o timeout`));
    socket.on('error', (error: NodeJS.ErrnoException) => done(false, dialError(error, host, port)));
  });
}

/** grpc.health.v1.Health/Check by hand: one string goes (field 1), one number comes back (field 1; 1 is SERVING). */
function probeGrpc(host: string, port: number, service: string, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${host}:${port}`);
    const done = (success: boolean, message: string) => {
      clearAndClose();
      resolve({ success, message });
    };
    session.setTimeout(timeoutMs, () => done(false, `timeout: failed to connect service "${host}:${port}" within ${timeoutMs / 1000}s`));
    session.on('error', (error: NodeJS.ErrnoException) => done(false, dialError(error, host, port)));
    const stream = session.request({ ':method': 'POST', ':path': '/grpc.health.v1.Health/Check', 'content-type': 'application/grpc', te: 'trailers' });
    const clearAndClose = () => session.destroy();
    const name = Buffer.from(service);
    const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error: Error) => done(false, error.message));
    stream.on('end', () => {
      const body = Buffer.concat(chunks).subarray(5);
      const status = body[0] === 0x08 ? body[1] : 0;
      done(status === 1, `service unhealthy (responded with "${['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'][status ?? 0] ?? 'UNKNOWN'}")`);
    });
    stream.end(Buffer.concat([frame, message]));
  });
}

function dialError(error: NodeJS.ErrnoException, host: string, port: number): string {
  const why = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ECONNRESET: 'read: connection reset by peer',
    ETIMEDOUT: 'i/o timeout',
  }[error.code ?? ''];
  return why === undefined ? error.message : `dial tcp ${host}:${port}: ${why}`;
}

/** Ports may be named. Throws an Error for a name the container does not have. */
function portOf(port: string | number, container: Container): number {
  if (typeof port === 'number' || /^\d+$/.test(port)) return Number(port);
  const named = container.ports?.find(({ name }) => name === port);
  if (named === undefined) throw new Error(`couldn't find port "${port}" on container "${container.name}"`);
  return named.containerPort;
}

export interface ProbeLoop {
  probe: Probe;
  target: ProbeTarget;
  clock: Clock;
  signal: AbortSignal;
  /** The verdict has changed, or a failure is to be told; `verdict` false for a liveness probe is called once. */
  onVerdict(verdict: boolean, message: string): void;
  onFailure(message: string): void;
}

/** Probes until the signal aborts, or for startup until it has succeeded (`once`). */
export async function runProbe(loop: ProbeLoop, once: boolean, eager: boolean): Promise<void> {
  const { probe, clock, signal } = loop;
  const thresholds = { successThreshold: probe.successThreshold ?? 1, failureThreshold: probe.failureThreshold ?? 3 };
  const periodMs = (probe.periodSeconds ?? 10) * 1000;
  let state = UNPROBED;
  let succeeded = !eager;
  await clock.sleep((probe.initialDelaySeconds ?? 0) * 1000, signal);
  let graceUntil = eager ? clock.monotonic() + periodMs : 0;
  for (let tries = 0; !signal.aborted; tries++) {
    const result = await probeOnce(probe, loop.target);
    if (signal.aborted) return;
    succeeded ||= result.success;
    // Tries before the first period has passed are extra: only their successes count.
    if (result.success || clock.monotonic() >= graceUntil) {
      const before = state.verdict;
      state = countResult(state, result.success, thresholds);
      if (!result.success) loop.onFailure(result.message);
      if (state.verdict !== undefined && state.verdict !== before) loop.onVerdict(state.verdict, result.message);
      if (once && state.verdict !== undefined) return;
      graceUntil = 0;
    }
    await clock.sleep(nextTryMs(tries, succeeded, periodMs), signal);
  }
}
