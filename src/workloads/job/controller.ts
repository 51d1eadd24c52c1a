/** Runs jobs to their end. */
import { controllerOf } from '../../kube/owners.ts';
import { jobs, pods } from '../../kube/resources.ts';
import { matcherOf } from '../../kube/selectors.ts';
import { isNotFound } from '../../kube/status.ts';
import type { Job, ObjectKey, Pod } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { forEachLimited, slowStart } from '../shared/batches.ts';
import { claim, indexByController, keyOf } from '../shared/claim.ts';
import { Expectations } from '../shared/expectations.ts';
import { createPod, deletePod, isNamespaceTerminating, podFromTemplate } from '../shared/pod-control.ts';
import { writeStatus } from '../shared/status.ts';
import { decide, isFinished, type JobPlan } from './decide.ts';
import { isTracked, jobTemplate, namePrefix, TRACKING } from './pods.ts';

const BY_JOB = 'workloads/pods-by-job';
const IN_FLIGHT = 16;
/** What `managedBy` says of a job that is ours; jobs without it are, too. */
const OURS = 'kubernetes.io/job-controller';

function isOurs({ spec }: Job): boolean {
  return spec?.managedBy === undefined || spec.managedBy === OURS;
}

export function jobController(ctx: ControllerContext): Controller {
  const informer = ctx.informer(jobs);
  const podInformer = indexByController(ctx.informer(pods));
  podInformer.addIndex(BY_JOB, (pod) => {
    const owner = controllerOf(pod);
    return owner?.kind === 'Job' ? [`${pod.metadata.namespace ?? ''}/${owner.name}`] : [];
  });
  const expectations = new Expectations(ctx.clock);
  const recorder = ctx.recorder('job-controller');
  const control = { client: ctx.client, recorder };

  function ofPod(pod: Pod, old: Pod | undefined, deleted: boolean): ObjectKey[] {
    const owner = controllerOf(pod);
    const namespace = pod.metadata.namespace ?? '';
    const before = old && controllerOf(old);
    // Taken away from its job: which makes another.
    const keys = before?.kind === 'Job' && before.uid !== owner?.uid ? [{ namespace, name: before.name }] : [];
    if (owner === undefined && !deleted && pod.metadata.deletionTimestamp === undefined) return [...keys, ...wouldAdopt(pod)];
    if (owner?.kind !== 'Job') return keys;
    const text = `${namespace}/${owner.name}`;
    if (deleted || pod.metadata.deletionTimestamp !== undefined) expectations.deleted(text, pod.metadata.uid ?? '');
    if (old === undefined && !deleted) expectations.created(text);
    return [...keys, { namespace, name: owner.name }];
  }

  function wouldAdopt(pod: Pod): ObjectKey[] {
    return informer
      .list(pod.metadata.namespace)
      .filter((job) => isOurs(job) && !isFinished(job) && matcherOf(job.spec?.selector)(pod.metadata.labels))
      .map(keyOf);
  }

  /** The job's pods: orphans that match are taken in, and tracked; those that do not match any more are let go, untracked. */
  async function claimPods(job: Job, held: readonly Pod[]): Promise<Pod[]> {
    const claimed = await claim(ctx.client, jobs, job, pods, podInformer, matcherOf(job.spec?.selector));
    const kept = new Set(claimed.map(({ metadata }) => metadata.uid));
    for (const pod of held) {
      if (kept.has(pod.metadata.uid) || !isTracked(pod)) continue;
      const fresh = await ctx.client.get(pods, keyOf(pod)).catch(unlessNotFound);
      if (fresh !== undefined) await release(fresh);
    }
    const known = new Set(held.map(({ metadata }) => metadata.uid));
    return Promise.all(claimed.map((pod) => (known.has(pod.metadata.uid) || isTracked(pod) ? pod : track(pod))));
  }

  async function track(pod: Pod): Promise<Pod> {
    const { finalizers = [], resourceVersion } = pod.metadata;
    return ctx.client.patch(pods, keyOf(pod), { metadata: { finalizers: [...finalizers, TRACKING], resourceVersion } }, { type: 'merge' });
  }

  async function release(pod: Pod): Promise<void> {
    if (!isTracked(pod)) return;
    const finalizers = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== TRACKING);
    const { resourceVersion } = pod.metadata;
    try {
      await ctx.client.patch(pods, keyOf(pod), { metadata: { finalizers, resourceVersion } }, { type: 'merge' });
    } catch (error) {
      unlessNotFound(error);
    }
  }

  async function end(job: Job, text: string, plan: JobPlan): Promise<void> {
    if (plan.remove.length === 0) return;
    expectations.expectDeletes(
      text,
      plan.remove.map((pod) => pod.metadata.uid ?? ''),
    );
    try {
      await forEachLimited(plan.remove, IN_FLIGHT, async (pod) => {
        // Ended by the job's own will: unless it has been counted, it is not to be counted as failed.
        if (!plan.release.includes(pod)) await release(pod);
        await deletePod(control, job, pod);
      });
    } catch (error) {
      expectations.forget(text);
      throw error;
    }
  }

  /** What is made counts as active at once; what cannot be made does not, and answers its error. */
  async function start(job: Job, text: string, { create, status }: JobPlan): Promise<unknown> {
    if (create.length === 0) return undefined;
    expectations.expectCreates(text, create.length);
    const { succeeded, error } = await slowStart(create.length, async (i) => {
      const wanted = create[i] ?? {};
      const more = wanted.index === undefined ? {} : { generateName: namePrefix(job, wanted.index) };
      await createPod(control, job, podFromTemplate(job, jobTemplate(job, wanted), more));
    });
    for (let i = succeeded; i < create.length; i++) expectations.created(text);
    if (succeeded > 0) status.active = (status.active ?? 0) + succeeded;
    return isNamespaceTerminating(error) ? undefined : error;
  }

  /** Says what has just become true of the job. */
  function announce(job: Job, after: Job): void {
    const was = (type: string) => job.status?.conditions?.find((c) => c.type === type)?.status;
    for (const condition of after.status?.conditions ?? []) {
      if (was(condition.type) === condition.status) continue;
      const { type, status, reason = '', message = '' } = condition;
      if (type === 'Complete' && status === 'True') {
        if ((after.status?.succeeded ?? 0) > (job.spec?.completions ?? Infinity))
          recorder.event(job, 'Warning', 'TooManySucceededPods', 'Too many succeeded pods running after completion count reached');
        recorder.event(job, 'Normal', 'Completed', 'Job completed');
      }
      if (type === 'Failed' && status === 'True') recorder.event(job, 'Warning', reason, message);
      if (type === 'Suspended') recorder.event(job, 'Normal', status === 'True' ? 'Suspended' : 'Resumed', message);
    }
  }

  return startController(ctx, {
    name: 'job',
    watches: [watching(jobs), watching(pods, ofPod)],
    async reconcile(key) {
      const text = `${key.namespace ?? ''}/${key.name}`;
      const job = informer.get(key);
      const found = podInformer.byIndex(BY_JOB, text);
      const held = found.filter((pod) => controllerOf(pod)?.uid === job?.metadata.uid);
      // Pods of a job that is no more: nobody counts them, so nothing may hold them.
      for (const pod of found) if (!held.includes(pod)) await release(pod);
      if (job === undefined) return expectations.forget(text);
      if (!isOurs(job)) return;
      const satisfied = expectations.satisfied(text);
      const owned = isFinished(job) ? held : await claimPods(job, held);
      const plan = decide(job, owned, ctx.clock.now());
      // Deciding on a stale view would start or end pods twice; counting is safe.
      if (!satisfied) Object.assign(plan, { create: [], remove: [] });
      const failure = await start(job, text, plan);
      const after = isFinished(job) ? job : await writeStatus(ctx.client, jobs, job, plan.status);
      announce(job, after);
      await forEachLimited(plan.release, IN_FLIGHT, release);
      await end(job, text, plan);
      if (failure !== undefined) throw failure;
      if (plan.requeueAfterMs !== undefined) return { requeueAfterMs: plan.requeueAfterMs };
    },
  });
}

function unlessNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
  return undefined;
}
