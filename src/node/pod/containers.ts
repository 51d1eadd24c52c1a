/** All containers of one pod: starts them, sees them end, ends them; keeps their records. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { containersOf, isSidecar } from '../../kube/pods.ts';
import type { Container, Pod } from '../../kube/types.ts';
import type { ContainerExit } from '../oci/runtime.ts';
import { isAlive, type ProcessId } from '../oci/process.ts';
import type { NodeWorld } from '../world.ts';
import { crashBackOff, goSeconds, nextBackOffMs } from './back-off.ts';
import { LiveContainer, type ContainerHost } from './container.ts';
import { launch, LaunchError, terminationFile } from './launch.ts';
import { parseLine } from '../logs/line.ts';
import type { ProbeKind } from './probes.ts';
import { newContainerRecord, type ContainerRecord, type PodRecord, type Termination } from './record.ts';
import type { PodSandbox } from './sandbox.ts';

const DEFAULT_GRACE_S = 30;
const MESSAGE_BYTES_MAX = 4096;
/** FallbackToLogsOnError shows at most this much of the log. */
const LOG_MESSAGE_BYTES_MAX = 2048;
const LOG_MESSAGE_LINES_MAX = 80;
/** A creation that another run of this program began ends within this time. */
const HALF_MADE_MS = 200;
const IMAGE_REASONS = new Set(['ErrImagePull', 'ErrImageNeverPull', 'InvalidImageName', 'ErrImageInspect']);

export class PodContainers {
  readonly #world: NodeWorld;
  readonly #sandbox: PodSandbox;
  readonly #record: PodRecord;
  readonly #host: ContainerHost;
  readonly #live = new Map<string, LiveContainer>();
  readonly #launching = new AbortController();
  #launched: Promise<void> = Promise.resolve();
  /** Cuts every grace short. */
  readonly #hurry = new AbortController();

  constructor(world: NodeWorld, sandbox: PodSandbox, record: PodRecord, pod: () => Pod, changed: () => void) {
    this.#world = world;
    this.#sandbox = sandbox;
    this.#record = record;
    this.#host = { world, pod, changed, podIp: () => sandbox.ip, unhealthy: (container, kind) => void this.#unhealthy(container, kind) };
  }

  of(name: string): ContainerRecord {
    return (this.#record.containers[name] ??= newContainerRecord(name));
  }

  /** Takes over what an earlier run of this program left: containers that run go on, others are seen as ended. */
  async adopt(pod: Pod): Promise<void> {
    const { runtime, clock } = this.#world;
    for (const container of containersOf(pod.spec)) {
      const record = this.#record.containers[container.name];
      if (record?.id === undefined) continue;
      if (record.phase === 'starting') {
        await clock.sleep(runtime.isMonitored(record.id) ? HALF_MADE_MS : 0);
        await runtime.remove(record.id);
        record.phase = record.termination ? 'exited' : 'waiting';
      } else if (record.phase === 'running') {
        const live = this.#track(container, record);
        const { process } = record;
        const usable = process !== undefined && isAlive(process) && runtime.isMonitored(record.id);
        if (usable) live.watch();
        else if (runtime.exitOf(record.id) === undefined) {
          // Nobody would see it end: it must be gone before another takes its place.
          await runtime.remove(record.id);
          this.#exited(container, record, { exitCode: 137, finishedAtMs: clock.now(), oomKilled: false });
          // Not its own fault: no back-off.
          delete record.backOffMs;
          delete record.backOffUntilMs;
        }
      }
    }
  }

  /** Begins to start a container; `changed` is called when it runs or has failed to. One at a time. */
  start(pod: Pod, container: Container): void {
    const record = this.of(container.name);
    record.phase = 'starting';
    delete record.waiting;
    this.#launched = this.#start(pod, container, record).finally(() => this.#host.changed());
  }

  async #start(pod: Pod, container: Container, record: ContainerRecord): Promise<void> {
    const { clock, random, runtime, recorder } = this.#world;
    const previous = record.id;
    const restart = record.termination !== undefined;
    const id = (random.uuid() + random.uuid()).replaceAll('-', '');
    record.id = id;
    this.#host.changed();
    try {
      const { process, image } = await launch(this.#world, {
        pod,
        container,
        id,
        restartCount: record.restartCount + (restart ? 1 : 0),
        podDir: this.#sandbox.dir,
        podIp: this.#sandbox.ip,
        networkNamespace: this.#sandbox.networkNamespace,
        target: () => this.#target(container),
        volumes: this.#sandbox.volumes,
        files: this.#sandbox.files,
        signal: this.#launching.signal,
      });
      if (restart) this.#countRestart(record);
      Object.assign(record, {
        process,
        imageId: image.id,
        stopSignal: image.config.stopSignal,
        startedAtMs: clock.now(),
        phase: 'running',
        started: false,
        ready: false,
      });
      if (record.backOffUntilMs !== undefined && !restart) delete record.backOffMs;
      if (previous !== undefined) void runtime.remove(previous).catch(() => undefined);
      const live = this.#track(container, record);
      const failure = await live.postStart();
      if (failure !== undefined && record.id === id) await this.#killOne(container, `FailedPostStartHook`);
      else if (record.phase === 'running') live.watch();
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error;
      record.phase = restart ? 'exited' : 'waiting';
      if (previous === undefined) delete record.id;
      else record.id = previous;
      if (this.#launching.signal.aborted) return;
      this.#launchFailed(record, error, restart, id);
      recorder.event(pod, 'Warning', 'Failed', `Error: ${IMAGE_REASONS.has(error.reason) ? error.reason : error.message}`);
    }
  }

  /** Whose processes an ephemeral container asks to see. */
  #target(container: Container & { targetContainerName?: string }): ProcessId | undefined {
    const name = container.targetContainerName;
    if (!name) return undefined;
    const record = this.#record.containers[name];
    if (record?.id === undefined) throw new LaunchError('CreateContainerConfigError', `unable to find target container ${name}`);
    if (record.process === undefined || !isAlive(record.process))
      throw new LaunchError('CreateContainerError', `failed to generate container spec: invalid target container: container "${record.id}" is not running`);
    return record.process;
  }

  #launchFailed(record: ContainerRecord, error: LaunchError, restart: boolean, id: string): void {
    const now = this.#world.clock.now();
    if (error.ended) {
      if (restart) this.#countRestart(record);
      record.phase = 'exited';
      record.termination = { exitCode: 128, reason: error.reason, message: error.message, startedAtMs: 0, finishedAtMs: now, containerId: id };
      Object.assign(record, crashBackOff(record, now));
      return;
    }
    record.waiting = { reason: error.reason, message: error.message };
    record.backOffMs = nextBackOffMs(record.backOffMs);
    record.backOffUntilMs = now + record.backOffMs;
  }

  /** What a container shows while it waits for its back-off. */
  backingOff(pod: Pod, container: Container): void {
    const record = this.of(container.name);
    const { recorder } = this.#world;
    const image = container.image ?? '';
    if (record.waiting === undefined && record.termination !== undefined) {
      const { name, namespace, uid } = pod.metadata;
      record.waiting = {
        reason: 'CrashLoopBackOff',
        message: `back-off ${goSeconds(record.backOffMs ?? 0)} restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`,
      };
      recorder.event(pod, 'Warning', 'BackOff', `Back-off restarting failed container ${container.name} in pod ${name}_${namespace}(${uid})`);
    } else if (record.waiting?.reason === 'ErrImagePull') {
      record.waiting = { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ErrImagePull: ${record.waiting.message}` };
      recorder.event(pod, 'Normal', 'BackOff', `Back-off pulling image "${image}"`);
      recorder.event(pod, 'Warning', 'Failed', 'Error: ImagePullBackOff');
    }
  }

  /** What was missing may be there now: containers that wait for something else than a crash try again. */
  forgetConfigErrors(): boolean {
    const waiting = Object.values(this.#record.containers).filter((record) => record.waiting?.reason === 'CreateContainerConfigError');
    for (const record of waiting) delete record.backOffUntilMs;
    return waiting.length > 0;
  }

  /** Ends all containers: first the ordinary ones together, then sidecars, the last first. Nothing starts any more. */
  async killAll(pod: Pod, graceMs: number): Promise<void> {
    this.#launching.abort();
    await this.#launched.catch(() => undefined);
    const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar);
    const others = containersOf(pod.spec).filter((container) => !sidecars.includes(container));
    const startedAt = this.#world.clock.monotonic();
    await Promise.all(others.map((container) => this.#killOne(container, `Stopping container ${container.name}`, graceMs)));
    for (const container of sidecars.toReversed()) {
      const leftMs = Math.max(graceMs - (this.#world.clock.monotonic() - startedAt), graceMs === 0 ? 0 : 1000);
      await this.#killOne(container, `Stopping container ${container.name}`, leftMs);
    }
  }

  /** Those who are being ended get no more time. */
  hurry(): void {
    this.#hurry.abort();
  }

  /** Forgets the containers as the runtime knows them; logs stay. */
  async remove(): Promise<void> {
    const ids = Object.values(this.#record.containers).flatMap(({ id }) => (id === undefined ? [] : [id]));
    await Promise.all(ids.map((id) => this.#world.runtime.remove(id)));
  }

  /** The agent goes away, the containers do not. */
  letGo(): void {
    for (const live of this.#live.values()) live.end();
    this.#live.clear();
  }

  #track(container: Container, record: ContainerRecord): LiveContainer {
    const live = new LiveContainer(this.#host, container, record);
    this.#live.set(container.name, live);
    this.#world.runtime.onExit(live.id, (exit) => this.#exited(container, record, exit));
    return live;
  }

  #exited(container: Container, record: ContainerRecord, exit: ContainerExit): void {
    const live = this.#live.get(container.name);
    this.#live.delete(container.name);
    const oom = exit.oomKilled && exit.exitCode !== 0;
    const reason = oom ? 'OOMKilled' : exit.exitCode === 0 ? 'Completed' : 'Error';
    const message = this.#lastWords(container, record, exit.exitCode);
    const termination: Termination = {
      exitCode: exit.exitCode,
      reason,
      ...(message ? { message } : {}),
      startedAtMs: record.startedAtMs ?? exit.finishedAtMs,
      finishedAtMs: exit.finishedAtMs,
      ...(record.id ? { containerId: record.id } : {}),
    };
    Object.assign(record, { phase: 'exited', termination, started: false, ready: false, ...crashBackOff(record, exit.finishedAtMs) });
    delete record.process;
    delete record.killing;
    live?.end();
    this.#host.changed();
  }

  #countRestart(record: ContainerRecord): void {
    record.last = record.termination;
    delete record.termination;
    record.restartCount++;
    // The log of the container before the last is not asked for any more.
    const name = record.name;
    const stale = record.restartCount - 2;
    if (stale >= 0) {
      for (const suffix of ['', '.1', '.2', '.3', '.4']) rmSync(join(this.#sandbox.dir, 'logs', name, `${stale}.log${suffix}`), { force: true });
      rmSync(terminationFile(this.#sandbox.dir, name, stale), { force: true });
    }
  }

  async #unhealthy(container: Container, kind: ProbeKind): Promise<void> {
    const probe = kind === 'Startup' ? container.startupProbe : container.livenessProbe;
    await this.#killOne(
      container,
      `Container ${container.name} failed ${kind.toLowerCase()} probe, will be restarted`,
      probe?.terminationGracePeriodSeconds === undefined ? undefined : probe.terminationGracePeriodSeconds * 1000,
    );
  }

  async #killOne(container: Container, message: string, graceMs?: number): Promise<void> {
    const record = this.#record.containers[container.name];
    const live = this.#live.get(container.name);
    if (record === undefined || live === undefined || record.phase !== 'running') return;
    const grace = graceMs ?? (this.#host.pod().spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_S) * 1000;
    record.killing = message;
    await live.kill(message, grace, this.#hurry.signal);
  }

  /** The termination message: the file the container may have written, or the end of its log when it asks for that. */
  #lastWords(container: Container, record: ContainerRecord, exitCode: number): string {
    try {
      const text = readFileSync(terminationFile(this.#sandbox.dir, container.name, record.restartCount), 'utf8').slice(0, MESSAGE_BYTES_MAX);
      if (text !== '' || container.terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0) return text;
      const lines = tailOf(join(this.#sandbox.dir, 'logs', container.name, `${record.restartCount}.log`));
      return lines
        .map((line) => parseLine(line)?.text ?? '')
        .slice(-LOG_MESSAGE_LINES_MAX)
        .join('')
        .slice(-LOG_MESSAGE_BYTES_MAX);
    } catch {
      return '';
    }
  }
}

/** The last whole lines of a file, of at most 16 KiB. */
function tailOf(file: string): string[] {
  const fd = openSync(file, 'r');
  try {
    const { size } = fstatSync(fd);
    const length = Math.min(size, 16 * 1024);
    const buffer = Buffer.alloc(length);
    readSync(fd, buffer, 0, length, size - length);
    return buffer.toString().split('\n').filter(Boolean);
  } finally {
    closeSync(fd);
  }
}
