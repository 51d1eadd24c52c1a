/** One container of a pod while it lives: probes, hooks, its end. The pod's worker decides when it starts and restarts. */
import type { Container, Pod } from '../../kube/types.ts';
import { execIn } from '../oci/sessions.ts';
import type { NodeWorld } from '../world.ts';
import { httpGet, runProbe, type Probe, type ProbeKind, type ProbeTarget } from './probes.ts';
import type { ContainerRecord } from './record.ts';

const HOOK_TIMEOUT_MS = 60_000;
/** After a hook has used up the grace, a container still gets this long. Source: kubelet, minimumGracePeriodInSeconds. */
const GRACE_MIN_MS = 2000;
const OUTPUT_MAX = 64 * 1024;

export interface ContainerHost {
  world: NodeWorld;
  pod(): Pod;
  podIp(): string | undefined;
  /** The record has changed. */
  changed(): void;
  /** A liveness or startup probe has given up. */
  unhealthy(container: Container, kind: ProbeKind): void;
}

export class LiveContainer {
  readonly id: string;
  readonly #host: ContainerHost;
  readonly #container: Container;
  readonly #record: ContainerRecord;
  readonly #probing = new AbortController();
  readonly #ended = Promise.withResolvers<void>();

  constructor(host: ContainerHost, container: Container, record: ContainerRecord) {
    this.id = record.id!;
    this.#host = host;
    this.#container = container;
    this.#record = record;
  }

  /** The container has ended: called by whoever sees it. */
  end(): void {
    this.#probing.abort();
    this.#ended.resolve();
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Begins to watch over a container that runs. */
  watch(): void {
    const { startupProbe } = this.#container;
    if (startupProbe === undefined || this.#record.started) return this.#started();
    this.#run('Startup', startupProbe, (ok) => {
      if (ok) this.#started();
      else this.#host.unhealthy(this.#container, 'Startup');
    });
  }

  /** Resolves with the hook's failure, if it has one and fails. */
  async postStart(): Promise<string | undefined> {
    const hook = this.#container.lifecycle?.postStart;
    return hook === undefined ? undefined : this.#runHook(hook, 'PostStartHook', HOOK_TIMEOUT_MS, 'FailedPostStartHook');
  }

  /** Hook, signal, wait, kill. `hurry` cuts the grace short. Resolves when the container has ended. */
  async kill(message: string, graceMs: number, hurry: AbortSignal): Promise<void> {
    const { world } = this.#host;
    const { process, stopSignal } = this.#record;
    this.#probing.abort();
    if (process === undefined) return;
    world.recorder.event(this.#host.pod(), 'Normal', 'Killing', message);
    const startedAt = world.clock.monotonic();
    const hook = this.#container.lifecycle?.preStop;
    let leftMs = graceMs;
    if (hook !== undefined && graceMs > 0) {
      await Promise.race([this.#runHook(hook, 'PreStopHook', graceMs, 'FailedPreStopHook'), world.clock.sleep(graceMs, hurry), this.ended]);
      leftMs = Math.max(graceMs - (world.clock.monotonic() - startedAt), GRACE_MIN_MS);
    }
    if (leftMs > 0 && !hurry.aborted) {
      world.runtime.signal(process, (stopSignal ?? 'SIGTERM') as NodeJS.Signals);
      const waiting = new AbortController();
      const stopWaiting = () => waiting.abort();
      hurry.addEventListener('abort', stopWaiting, { once: true });
      await Promise.race([this.ended, world.clock.sleep(leftMs, waiting.signal)]);
      hurry.removeEventListener('abort', stopWaiting);
      stopWaiting();
    }
    if (this.#record.phase !== 'running' && this.#record.phase !== 'starting') return;
    world.runtime.signal(process, 'SIGKILL');
    await this.ended;
  }

  #started(): void {
    this.#record.started = true;
    const { livenessProbe, readinessProbe } = this.#container;
    if (readinessProbe === undefined) this.#record.ready = true;
    else
      this.#run('Readiness', readinessProbe, (ok) => {
        this.#record.ready = ok;
        this.#host.changed();
      });
    if (livenessProbe !== undefined)
      this.#run('Liveness', livenessProbe, (ok) => {
        if (!ok) this.#host.unhealthy(this.#container, 'Liveness');
      });
    this.#host.changed();
  }

  #run(kind: ProbeKind, probe: Probe, onVerdict: (ok: boolean) => void): void {
    const { world } = this.#host;
    const { signal } = this.#probing;
    void runProbe(
      {
        probe,
        clock: world.clock,
        signal,
        onVerdict,
        target: this.#target(),
        onFailure: (message) => world.recorder.event(this.#host.pod(), 'Warning', 'Unhealthy', `${kind} probe failed: ${message}`),
      },
      kind === 'Startup',
      kind !== 'Liveness',
    );
  }

  #target(): ProbeTarget {
    return {
      pod: this.#host.pod(),
      container: this.#container,
      podIp: this.#host.podIp() ?? '127.0.0.1',
      exec: (command, timeoutMs) => this.#exec(command, timeoutMs),
    };
  }

  async #exec(command: readonly string[], timeoutMs: number): Promise<{ exitCode: number; output: string }> {
    const { clock, runtime } = this.#host.world;
    const session = await execIn(runtime, this.id, { command, stdin: false, stdout: true, stderr: true, tty: false });
    let output = '';
    const collect = (chunk: Buffer) => {
      if (output.length < OUTPUT_MAX) output += chunk.toString();
    };
    session.stdout?.on('data', collect);
    session.stderr?.on('data', collect);
    return new Promise((resolve, reject) => {
      const cancel = clock.after(timeoutMs, () => {
        session.kill();
        reject(new Error(`command "${command.join(' ')}" timed out`));
      });
      session.exit.then(({ exitCode }) => {
        cancel();
        resolve({ exitCode, output });
      }, reject);
    });
  }

  async #runHook(
    hook: NonNullable<NonNullable<Container['lifecycle']>['preStop']>,
    name: string,
    timeoutMs: number,
    reason: string,
  ): Promise<string | undefined> {
    const { world } = this.#host;
    try {
      if (hook.exec) {
        const { exitCode, output } = await this.#exec(hook.exec.command ?? [], timeoutMs);
        if (exitCode !== 0) throw new Error(`command '${(hook.exec.command ?? []).join(' ')}' exited with ${exitCode}: ${output.trim()}`);
      } else if (hook.httpGet) {
        await httpGet(hook.httpGet, this.#target(), timeoutMs);
      } else if (hook.sleep) {
        await Promise.race([world.clock.sleep(hook.sleep.seconds * 1000), this.ended]);
      }
      return undefined;
    } catch (error) {
      const message = `${name} failed: ${error instanceof Error ? error.message : String(error)}`;
      world.recorder.event(this.#host.pod(), 'Warning', reason, message);
      return message;
    }
  }
}
