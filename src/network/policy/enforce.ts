/** Keeps nftables equal to the cluster's network policies. Runs in the data-plane process. */
import { networkPolicies } from '../../kube/resources.ts';
import type { NetworkPolicy, Pod } from '../../kube/types.ts';
import { SharedInformer, type InformerWorld } from '../../runtime/shared-informer.ts';
import type { ClusterAddresses } from '../addresses.ts';
import { rulesWriter } from '../rules-writer.ts';
import { compilePolicies, type CompiledPolicies } from './compile.ts';
import type { AttachedPod, GuardMessage } from './guard.ts';
import { placePod, policyTable, type PlacedPod } from './place.ts';
import { watchPods, type PodViews } from './pod-views.ts';
import { dnsPod, policyPod, type PolicyPod } from './pod.ts';
import { NO_POLICIES, policyTransaction, type PolicyTable } from './table.ts';

/** How long a pod that was told of may stay unseen in the API before it is forgotten. */
const UNSEEN_MS = 10_000;
const DNS_KEY = 'dns';

export class PolicyEnforcer {
  readonly #world: InformerWorld;
  readonly #tell: (message: GuardMessage) => void;
  readonly #policies: SharedInformer<NetworkPolicy>;
  readonly #dns: PolicyPod;
  readonly #writer;
  /** Only while there are policies. */
  #views: PodViews | undefined;
  /** Whether the views hold all there is. What is half known would cut off who may pass. */
  #whole = false;
  #compiled: CompiledPolicies | undefined;
  #last: PolicyTable | typeof NO_POLICIES = NO_POLICIES;
  /** By namespace and name. The last one to come has an address that two claim. */
  readonly #placements = new Map<string, PlacedPod>();
  readonly #dirty = new Set<string>();
  /** Addresses of pods whose status may not tell them yet. */
  readonly #attached = new Map<string, AttachedPod>();
  #seen: (() => void)[] = [];

  constructor(world: InformerWorld, addresses: ClusterAddresses, tell: (message: GuardMessage) => void) {
    this.#world = world;
    this.#tell = tell;
    this.#policies = new SharedInformer<NetworkPolicy>(networkPolicies, world);
    this.#dns = dnsPod(addresses.dnsService);
    this.#writer = rulesWriter<PolicyTable | typeof NO_POLICIES>({
      what: 'network policies',
      wanted: () => this.#table(),
      commands: (before, after) => policyTransaction(before, after, addresses),
      clock: world.clock,
      log: world.log,
    });
  }

  /** Resolves when what the API holds now is in force; goes on until the process ends. */
  async start(): Promise<void> {
    void this.#policies.run(new AbortController().signal);
    await this.#policies.synced();
    const changed = (): void => this.#policiesChanged();
    this.#policies.onChange({
      upsert(now, old) {
        if (JSON.stringify(now.spec) !== JSON.stringify(old?.spec)) changed();
      },
      delete: changed,
    });
    this.#tell({ type: 'policies', any: this.#views !== undefined });
    // Without policies there is only a table to remove that an earlier process may have left: nobody needs to wait for it.
    if (this.#views === undefined) this.#writer.changed();
    else await this.#inForce();
  }

  /** A pod has an address, told before its status does. Answers when its policies are in force. */
  async attached(pod: AttachedPod): Promise<void> {
    const key = keyOf(pod);
    if (this.#views !== undefined) this.#attached.set(key, pod);
    this.#touch(key);
    if (await this.#isSeen(pod)) {
      await this.#inForce();
      this.#tell({ type: 'guarded', uid: pod.uid });
    } else if (this.#attached.get(key) === pod) {
      this.#attached.delete(key);
    }
  }

  async #inForce(): Promise<void> {
    await this.#views?.synced;
    await this.#writer.flushed();
  }

  /** Its object and its namespace may be on their way to us still. */
  async #isSeen({ uid, namespace, name }: AttachedPod): Promise<boolean> {
    const { clock } = this.#world;
    const deadline = clock.monotonic() + UNSEEN_MS;
    for (;;) {
      const views = this.#views;
      if (views === undefined) return true;
      if (views.pods.get({ namespace, name })?.metadata.uid === uid && views.namespaces.get({ name: namespace }) !== undefined) return true;
      if (clock.monotonic() >= deadline) return false;
      const change = Promise.withResolvers<void>();
      this.#seen.push(change.resolve);
      const cancel = clock.after(deadline - clock.monotonic(), change.resolve);
      await change.promise;
      cancel();
    }
  }

  #policiesChanged(): void {
    const any = this.#policies.list().length > 0;
    this.#compiled = undefined;
    if (any && this.#views === undefined) {
      const views = this.#watch();
      this.#views = views;
      this.#touch(DNS_KEY);
      this.#tell({ type: 'policies', any });
      void views.synced.then(() => {
        if (this.#views !== views) return;
        this.#whole = true;
        this.#writer.changed();
      });
    } else if (!any && this.#views !== undefined) {
      this.#views.stop();
      this.#views = undefined;
      this.#whole = false;
      for (const collection of [this.#placements, this.#dirty, this.#attached]) collection.clear();
      this.#wake();
      this.#tell({ type: 'policies', any });
    }
    if (!any || this.#whole) this.#writer.changed();
  }

  #watch(): PodViews {
    const views = watchPods(this.#world);
    const touched = ({ metadata }: Pod): void => {
      this.#touch(keyOf(metadata));
      this.#wake();
    };
    views.pods.onChange({
      upsert: touched,
      delete: (pod) => {
        const key = keyOf(pod.metadata);
        if (this.#attached.get(key)?.uid === pod.metadata.uid) this.#attached.delete(key);
        touched(pod);
      },
    });
    views.namespaces.onChange({
      upsert: ({ metadata }, old) => {
        if (JSON.stringify(metadata.labels) === JSON.stringify(old?.metadata.labels)) return;
        if (metadata.name === this.#dns.namespace) this.#touch(DNS_KEY);
        for (const pod of views.pods.list(metadata.name)) this.#touch(keyOf(pod.metadata));
        this.#wake();
      },
    });
    return views;
  }

  #touch(key: string): void {
    if (this.#views !== undefined) this.#dirty.add(key);
    if (this.#whole) this.#writer.changed();
  }

  #wake(): void {
    for (const seen of this.#seen.splice(0)) seen();
  }

  #table(): PolicyTable | typeof NO_POLICIES {
    const views = this.#views;
    if (views === undefined) return (this.#last = NO_POLICIES);
    if (!this.#whole) return this.#last;
    const compiled = (this.#compiled ??= this.#compile());
    for (const key of this.#dirty) this.#place(key, views, compiled);
    this.#dirty.clear();
    return (this.#last = policyTable(compiled, this.#placements.values()));
  }

  /** Every pod stands anew under policies that changed. */
  #compile(): CompiledPolicies {
    for (const key of this.#placements.keys()) this.#dirty.add(key);
    return compilePolicies(this.#policies.list());
  }

  #place(key: string, views: PodViews, compiled: CompiledPolicies): void {
    const pod = key === DNS_KEY ? this.#dns : this.#pod(key, views);
    if (pod === undefined) {
      this.#placements.delete(key);
      return;
    }
    const before = this.#placements.get(key);
    if (before !== undefined && before.address !== pod.address) this.#placements.delete(key);
    this.#placements.set(key, placePod(compiled, pod, views.namespaces.get({ name: pod.namespace })?.metadata.labels ?? {}));
  }

  #pod(key: string, views: PodViews): PolicyPod | undefined {
    const [namespace = '', name = ''] = key.split('/');
    const pod = views.pods.get({ namespace, name });
    if (pod === undefined) return undefined;
    const attached = this.#attached.get(key);
    return policyPod(pod, attached?.uid === pod.metadata.uid ? attached?.ip : undefined);
  }
}

function keyOf({ namespace = '', name = '' }: { namespace?: string; name?: string }): string {
  return `${namespace}/${name}`;
}
