/** Deletes what its owners leave behind, and finishes foreground and orphaning deletions. */
import { apiVersionOf, type Resource } from '../../kube/resources.ts';
import { isConflict, isNotFound, StatusError } from '../../kube/status.ts';
import type { KubeObject, ObjectKey, OwnerReference } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { QueueMeter } from '../../runtime/queue-meter.ts';
import { WorkQueue } from '../../runtime/queue.ts';
import { forEachLimited } from '../shared/batches.ts';
import { judge, type OwnerState } from './decide.ts';
import { awaitsDependents, FOREGROUND, ORPHAN, OwnerGraph, type GraphNode } from './graph.ts';

const WORKERS = 8;
/** How often the API is asked for kinds that have come since (custom resources). */
const RESOURCES_EVERY_MS = 5_000;
/** Never collected, and never owners. */
const IGNORED = new Set(['events']);

/** `resources`: what the API serves now, each kind once; those that can be listed, watched and deleted. */
export function garbageCollector(ctx: ControllerContext, resources: () => readonly Resource[]): Controller {
  const { client, clock } = ctx;
  const log = ctx.log.child({ controller: 'garbage-collector' });
  const graph = new OwnerGraph();
  const queue = new WorkQueue(clock, { meter: new QueueMeter(ctx.metrics, clock, 'garbage-collector') });
  const watched = new Map<string, { resource: Resource; stop: () => void }>();
  // Those there are now start with all other informers.
  for (const resource of resources()) if (!IGNORED.has(resource.plural)) ctx.informer(resource);

  function observe(resource: Resource, object: KubeObject): void {
    const { node, old } = graph.put(resource, object);
    const changed = old === undefined || old.owners !== node.owners;
    if (changed && node.owners.some((owner) => needsLook(owner))) queue.add(node.uid);
    if (changed && old !== undefined) for (const owner of old.owners) if (blocks(old, owner.uid) && !blocks(node, owner.uid)) lookIfWaiting(owner.uid);
    if (!node.deleting) return;
    queue.add(node.uid);
    if (awaitsDependents(node) && (old === undefined || !awaitsDependents(old))) for (const dependent of graph.dependents(node.uid)) queue.add(dependent.uid);
  }

  /** The owner is unknown here, or waits for its dependents. */
  function needsLook(owner: OwnerReference): boolean {
    const node = graph.get(owner.uid);
    return node === undefined || awaitsDependents(node);
  }

  function forget(object: KubeObject): void {
    const uid = object.metadata.uid ?? '';
    const node = graph.remove(uid);
    for (const dependent of graph.dependents(uid)) queue.add(dependent.uid);
    for (const owner of node?.owners ?? []) lookIfWaiting(owner.uid);
  }

  function lookIfWaiting(uid: string): void {
    const known = graph.get(uid);
    if (known !== undefined && awaitsDependents(known)) queue.add(uid);
  }

  /** Watches kinds that are new; those that are gone are let go. */
  async function refreshResources(signal: AbortSignal): Promise<void> {
    const present = new Set<string>();
    const fresh: Resource[] = [];
    for (const resource of resources()) {
      if (IGNORED.has(resource.plural)) continue;
      const id = `${apiVersionOf(resource)}/${resource.plural}`;
      present.add(id);
      if (watched.has(id)) continue;
      const stop = ctx.informer(resource).onChange({ upsert: (object) => observe(resource, object), delete: forget });
      watched.set(id, { resource, stop });
      fresh.push(resource);
    }
    for (const [id, { stop }] of watched) {
      if (present.has(id)) continue;
      stop();
      watched.delete(id);
    }
    await Promise.all(fresh.map((resource) => ctx.informer(resource).synced(signal)));
  }

  async function process(uid: string): Promise<void> {
    const node = graph.get(uid);
    if (node === undefined) return;
    if (node.deleting) {
      if (node.finalizers.includes(ORPHAN)) return orphanDependents(node);
      if (node.finalizers.includes(FOREGROUND)) return finishForeground(node);
      return;
    }
    if (node.owners.length > 0) await collect(node);
  }

  async function collect(node: GraphNode): Promise<void> {
    const object = await read(node);
    if (object === undefined || object.metadata.uid !== node.uid) return;
    const references = object.metadata.ownerReferences ?? [];
    const owners: { reference: OwnerReference; state: OwnerState }[] = [];
    for (const reference of references) owners.push({ reference, state: await stateOf(reference, node) });
    const verdict = judge(owners, object.metadata.finalizers ?? [], graph.dependents(node.uid));
    if (verdict.action === 'keep') return;
    if (verdict.action === 'drop-references') return dropOwners(node, verdict.uids);
    const latest = verdict.unblock ? await unblockOwners(node) : object;
    if (latest === undefined) return;
    const { uid = '', resourceVersion } = latest.metadata;
    // The version read: an owner given to it meanwhile must save it.
    const preconditions = { uid, ...(resourceVersion ? { resourceVersion } : {}) };
    log.debug('deleting an object whose owners are gone', { kind: node.resource.kind, ...node.key, policy: verdict.policy });
    await client.delete(node.resource, node.key, { propagationPolicy: verdict.policy, preconditions }).catch(unlessNotFound);
  }

  /** The graph first, the API when the graph does not know: its view may be behind. */
  async function stateOf(reference: OwnerReference, dependent: GraphNode): Promise<OwnerState> {
    const known = graph.get(reference.uid);
    if (known !== undefined) return awaitsDependents(known) ? 'waiting' : 'solid';
    const resource = resourceOf(reference);
    if (resource === undefined)
      throw new Error(`the API has no kind ${reference.kind} in ${reference.apiVersion}, which owns ${dependent.resource.plural}/${dependent.key.name}`);
    // A namespaced owner is looked for in the dependent's own namespace; a cluster-scoped object cannot have one.
    if (resource.namespaced && dependent.key.namespace === undefined)
      throw new Error(`${dependent.resource.plural}/${dependent.key.name} has a namespaced owner, but no namespace itself`);
    const key = resource.namespaced ? { namespace: dependent.key.namespace ?? '', name: reference.name } : { name: reference.name };
    const owner = await client.get(resource, key).catch(unlessNotFound);
    return owner?.metadata.uid === reference.uid ? 'solid' : 'gone';
  }

  function resourceOf(reference: OwnerReference): Resource | undefined {
    const group = groupOf(reference.apiVersion);
    const candidates = [...watched.values()].map((entry) => entry.resource).filter((r) => r.kind === reference.kind && groupOf(apiVersionOf(r)) === group);
    return candidates.find((r) => apiVersionOf(r) === reference.apiVersion) ?? candidates[0];
  }

  /** Deletes the dependents that block `node`, and lets it go when none is left. */
  async function finishForeground(node: GraphNode): Promise<void> {
    const blocking = graph.dependents(node.uid).filter((dependent) => blocks(dependent, node.uid));
    if (blocking.length === 0) return removeFinalizer(node, FOREGROUND);
    for (const dependent of blocking) if (!dependent.deleting) queue.add(dependent.uid);
  }

  async function orphanDependents(node: GraphNode): Promise<void> {
    await forEachLimited(graph.dependents(node.uid), WORKERS, (dependent) => dropOwners(dependent, [node.uid]));
    await removeFinalizer(node, ORPHAN);
  }

  async function dropOwners(node: GraphNode, uids: readonly string[]): Promise<void> {
    await edit(node, (object) => ({ ownerReferences: (object.metadata.ownerReferences ?? []).filter((owner) => !uids.includes(owner.uid)) }));
  }

  function unblockOwners(node: GraphNode): Promise<KubeObject | undefined> {
    return edit(node, ({ metadata }) => ({ ownerReferences: (metadata.ownerReferences ?? []).map((owner) => ({ ...owner, blockOwnerDeletion: false })) }));
  }

  async function removeFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    await edit(node, (object) => ({ finalizers: (object.metadata.finalizers ?? []).filter((f) => f !== finalizer) }));
  }

  /** Answers the object as it is then; undefined when it is gone. */
  async function edit(node: GraphNode, change: (object: KubeObject) => Record<string, unknown>): Promise<KubeObject | undefined> {
    const object = await read(node);
    if (object === undefined || object.metadata.uid !== node.uid) return undefined;
    const { resourceVersion } = object.metadata;
    return client.patch(node.resource, node.key, { metadata: { ...change(object), resourceVersion } }, { type: 'merge' }).catch(unlessNotFound);
  }

  function read(node: GraphNode): Promise<KubeObject | undefined> {
    return client.get(node.resource, node.key as ObjectKey).catch(unlessNotFound);
  }

  async function work(): Promise<void> {
    for (let uid = await queue.take(); uid !== undefined; uid = await queue.take()) {
      try {
        await process(uid);
        queue.forget(uid);
      } catch (error) {
        if (!isConflict(error)) log.warn('garbage collection failed, trying again', { uid, error: String(error) });
        queue.addRateLimited(uid);
      } finally {
        queue.done(uid);
      }
    }
  }

  return {
    name: 'garbage-collector',
    async run(signal) {
      signal.addEventListener('abort', () => queue.close(), { once: true });
      if (signal.aborted) return;
      await refreshResources(signal);
      const workers = Array.from({ length: WORKERS }, work);
      while (!signal.aborted) {
        await clock.sleep(RESOURCES_EVERY_MS, signal);
        if (!signal.aborted) await refreshResources(signal);
      }
      await Promise.all(workers);
      for (const { stop } of watched.values()) stop();
    },
  };
}

/** The owner, if it is deleted in the foreground, stays until this dependent is gone. */
function blocks(dependent: GraphNode, owner: string): boolean {
  return dependent.owners.some(({ uid, blockOwnerDeletion }) => uid === owner && blockOwnerDeletion === true);
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function unlessNotFound(error: unknown): undefined {
  if (isNotFound(error) || (error instanceof StatusError && error.code === 404)) return undefined;
  throw error;
}
