/**
 * Runs one pod, from the moment it is bound to the node until nothing of it is left. Level-triggered: whatever happens (the object changed,
 * a container ended, time passed) leads to `#step`, which looks at everything anew and never waits for a container.
 */
import { pods } from '../../kube/resources.ts';
import { isConflict, isNotFound } from '../../kube/status.ts';
import { containersOf, isPodTerminal } from '../../kube/pods.ts';
import type { Pod, PodStatus } from '../../kube/types.ts';
import type { Cancel } from '../../runtime/clock.ts';
import type { NodeWorld } from '../world.ts';
import { PodContainers } from './containers.ts';
import { planPod } from './plan.ts';
import { referencesOf } from './references.ts';
import { StatusPublisher } from './publisher.ts';
import { saveRecord, type PodRecord } from './record.ts';
import { PodSandbox } from './sandbox.ts';
import { computeStatus } from './status.ts';

const SETUP_RETRY_MS = 2000;
const STEP_RETRY_MS = 5000;
const DELETE_RETRY_MS = 2000;
/** A pod whose object is gone already has nobody to wait for. */
const ORPHAN_GRACE_MS = 1000;
/** How long the first reason of a failed pull shows before it becomes a back-off. */
const BACK_OFF_SHOWN_MS = 1000;
const OWN_CONDITIONS = new Set(['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady']);

export class PodWorker {
  readonly sandbox: PodSandbox;
  readonly containers: PodContainers;
  readonly record: PodRecord;
  readonly #world: NodeWorld;
  readonly #publisher: StatusPublisher;
  readonly #done: () => void;
  #pod: Pod;
  /** Made when first asked for: only with another ephemeral container does a pod refer to more. */
  #references: ReadonlySet<string> | undefined;
  #conditions: PodStatus['conditions'];
  #busy = false;
  #again = false;
  #ended = false;
  #gone = false;
  #stopping = false;
  #terminating: Promise<void> | undefined;
  #finishing: Promise<void> | undefined;
  #wake: { atMs: number; cancel: Cancel } | undefined;
  #deadline: Cancel | undefined;
  #lastFailure = '';

  /** `record`: from an earlier run of this program. `done` is called when nothing of the pod is left. */
  constructor(world: NodeWorld, pod: Pod, record: PodRecord | undefined, done: () => void) {
    const { uid = '', namespace = '', name = '' } = pod.metadata;
    this.#world = world;
    this.#pod = pod;
    this.#done = done;
    this.#conditions = pod.status?.conditions?.filter(({ type }) => OWN_CONDITIONS.has(type));
    this.record = record ?? { namespace, name, uid, startedAtMs: world.clock.now(), containers: {} };
    this.sandbox = new PodSandbox(world, uid);
    this.containers = new PodContainers(
      world,
      this.sandbox,
      this.record,
      () => this.#pod,
      () => this.#changed(),
    );
    this.#publisher = new StatusPublisher(world.client, world.clock, world.log, pod);
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** Takes over containers of an earlier run, if there are any, and begins. */
  async begin(): Promise<void> {
    if (Object.keys(this.record.containers).length > 0) {
      const before = this.record.ip;
      const failure = isPodTerminal(this.#pod) ? undefined : await this.sandbox.setUp(this.#pod).catch((error: unknown) => ({ message: String(error) }));
      // In another network than before its containers are cut off: a reboot, or the network was removed.
      if (failure === undefined && before !== undefined && this.sandbox.ip !== before) await this.containers.remove();
      if (this.sandbox.ready) this.#noteNetwork();
      await this.containers.adopt(this.#pod);
    }
    this.kick();
  }

  update(pod: Pod): void {
    const { labels, annotations } = this.#pod.metadata;
    if (this.#pod.spec?.ephemeralContainers?.length !== pod.spec?.ephemeralContainers?.length) this.#references = undefined;
    this.#pod = pod;
    if (!isEqual(labels, pod.metadata.labels) || !isEqual(annotations, pod.metadata.annotations)) void this.refresh();
    if (this.#terminating !== undefined && pod.metadata.deletionGracePeriodSeconds === 0) this.containers.hurry();
    this.kick();
  }

  /** The object is gone from the API. */
  removed(): void {
    this.#gone = true;
    if (this.#terminating !== undefined) this.containers.hurry();
    this.kick();
  }

  /** Something its volumes or environment refer to has changed. */
  async refresh(): Promise<void> {
    if (this.containers.forgetConfigErrors() || !this.sandbox.ready) this.kick();
    await this.sandbox
      .refresh(this.#pod)
      .catch((error: unknown) => this.#world.log.warn('volumes could not be brought up to date', { pod: this.record.name, error: String(error) }));
  }

  /** Whether the pod names a config map or secret. */
  refersTo(kind: 'ConfigMap' | 'Secret', name: string): boolean {
    this.#references ??= referencesOf(this.#pod);
    return this.#references.has(`${kind}/${name}`);
  }

  kick(): void {
    if (this.#ended || this.#stopping) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#step();
      } catch (error) {
        this.#world.log.error('a pod could not be worked on, trying again', {
          pod: `${this.record.namespace}/${this.record.name}`,
          error: error instanceof Error ? error.stack : String(error),
        });
        this.#wakeAt(this.#world.clock.now() + STEP_RETRY_MS);
      }
    } while (this.#again && !this.#ended && !this.#stopping);
    this.#busy = false;
  }

  async #step(): Promise<void> {
    const pod = this.#pod;
    if (this.#gone || pod.metadata.deletionTimestamp !== undefined) {
      this.#terminating ??= this.#terminate();
      if (!this.#gone) this.#publish();
      return;
    }
    if (isPodTerminal(pod) || this.record.failure !== undefined) return this.#finish();
    this.#watchDeadline();
    if (!this.sandbox.ready && !(await this.#setUp())) return;
    const now = this.#world.clock.now();
    const plan = planPod(pod.spec!, this.record.containers, now);
    for (const name of plan.backingOff) this.#showBackOff(name, now);
    if (plan.wakeAtMs !== undefined) this.#wakeAt(plan.wakeAtMs);
    if (plan.start !== undefined) this.containers.start(pod, plan.start);
    this.#publish();
    if (plan.finished) this.#finish();
  }

  async #setUp(): Promise<boolean> {
    const failure = await this.sandbox.setUp(this.#pod);
    if (failure === undefined) {
      this.#noteNetwork();
      this.#lastFailure = '';
      return true;
    }
    if (failure.message !== this.#lastFailure) this.#world.recorder.event(this.#pod, 'Warning', failure.reason, failure.message);
    this.#lastFailure = failure.message;
    this.#wakeAt(this.#world.clock.now() + SETUP_RETRY_MS);
    this.#publish();
    return false;
  }

  #noteNetwork(): void {
    this.record.ip = this.sandbox.ip;
    this.record.networkNamespace = this.sandbox.networkNamespace;
  }

  #showBackOff(name: string, now: number): void {
    const record = this.containers.of(name);
    const container = containersOf(this.#pod.spec).find((candidate) => candidate.name === name)!;
    const failedAt = (record.backOffUntilMs ?? now) - (record.backOffMs ?? 0);
    // The failure itself shows for a moment, as it does upstream until the next round.
    if (now - failedAt >= BACK_OFF_SHOWN_MS) this.containers.backingOff(this.#pod, container);
    else this.#wakeAt(failedAt + BACK_OFF_SHOWN_MS);
  }

  #watchDeadline(): void {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    if (seconds === undefined) return;
    const leftMs = this.record.startedAtMs + seconds * 1000 - this.#world.clock.now();
    if (leftMs > 0) {
      this.#deadline ??= this.#world.clock.after(leftMs, () => this.kick());
      return;
    }
    this.record.failure = { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' };
    this.#world.recorder.event(this.#pod, 'Normal', 'DeadlineExceeded', this.record.failure.message);
    this.#again = true;
  }

  /** The pod has ended by itself: what is left of it is removed, but logs. */
  #finish(): void {
    this.#publish();
    this.#finishing ??= (async () => {
      await this.containers.killAll(this.#pod, this.#graceMs());
      this.#publish();
      await this.#publisher.flush();
      await this.containers.remove();
      await this.sandbox.tearDown(this.#pod);
      this.#publish();
    })().catch((error: unknown) => this.#world.log.warn('a finished pod could not be cleaned up', { pod: this.record.name, error: String(error) }));
  }

  async #terminate(): Promise<void> {
    const { clock, client, log } = this.#world;
    try {
      await this.containers.killAll(this.#pod, this.#gone ? ORPHAN_GRACE_MS : this.#graceMs());
      await this.#finishing;
      if (!this.#gone) {
        this.#publish();
        await this.#publisher.flush();
      }
      this.#publisher.stop();
      await this.containers.remove();
      await this.sandbox.tearDown(this.#pod);
    } catch (error) {
      log.error('a pod could not be ended cleanly, trying again', { pod: `${this.record.namespace}/${this.record.name}`, error: String(error) });
      this.#terminating = undefined;
      this.#wakeAt(clock.now() + STEP_RETRY_MS);
      return;
    }
    const { namespace = '', name = '', uid = '' } = this.#pod.metadata;
    while (!this.#gone && !this.#stopping) {
      try {
        await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
        break;
      } catch (error) {
        if (isNotFound(error) || isConflict(error)) break;
        log.warn('an ended pod could not be deleted, trying again', { pod: `${namespace}/${name}`, error: String(error) });
        await clock.sleep(DELETE_RETRY_MS);
      }
    }
    this.#end();
    this.sandbox.erase();
    this.#done();
  }

  /** The agent ends. With `keep` the containers go on and are found again; otherwise they are ended, to be started anew next time. */
  async stop(keep: boolean): Promise<void> {
    this.#end();
    this.#stopping = true;
    this.#publisher.stop();
    if (keep) return this.containers.letGo();
    await this.containers.killAll(this.#pod, Math.min(this.#graceMs(), ORPHAN_GRACE_MS));
    await this.#terminating;
    await this.containers.remove();
    await this.sandbox.tearDown(this.#pod);
    for (const record of Object.values(this.record.containers)) delete record.backOffUntilMs;
    if (this.#terminating === undefined) saveRecord(this.sandbox.dir, this.record);
  }

  #end(): void {
    this.#ended = true;
    this.#wake?.cancel();
    this.#deadline?.();
  }

  #graceMs(): number {
    const { metadata, spec } = this.#pod;
    return (metadata.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  #changed(): void {
    if (!this.#ended) saveRecord(this.sandbox.dir, this.record);
    this.kick();
  }

  #publish(): void {
    const nowMs = this.#world.clock.now();
    const others = (this.#pod.status?.conditions ?? []).filter(({ type }) => !OWN_CONDITIONS.has(type));
    // Own conditions as computed last, not as the informer shows them: it may lag, and transition times must not move.
    const pod: Pod = { ...this.#pod, status: { ...this.#pod.status, conditions: [...(this.#conditions ?? []), ...others] } };
    const { initialized } = planPod(pod.spec!, this.record.containers, nowMs);
    const status = computeStatus({ pod, record: this.record, hostIp: this.#world.hostIp, initialized, sandboxReady: this.sandbox.ready, nowMs });
    this.#conditions = status.conditions?.filter(({ type }) => OWN_CONDITIONS.has(type));
    this.#publisher.publish(status);
  }

  /** One timer, the earliest wanted. */
  #wakeAt(atMs: number): void {
    if (this.#ended || (this.#wake !== undefined && this.#wake.atMs <= atMs)) return;
    this.#wake?.cancel();
    const cancel = this.#world.clock.after(Math.max(0, atMs - this.#world.clock.now()), () => {
      this.#wake = undefined;
      this.kick();
    });
    this.#wake = { atMs, cancel };
  }
}

function isEqual(a: Record<string, string> | undefined, b: Record<string, string> | undefined): boolean {
  return JSON.stringify(a ?? {}) === JSON.stringify(b ?? {});
}
