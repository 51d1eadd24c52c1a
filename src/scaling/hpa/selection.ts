/**
 * Which pods a selector matches and which autoscalers select them, without looking at every pod for every autoscaler:
 * pods with the same labels are one group, and groups and selectors are found by a label that both have.
 */
import { parseLabelSelector, type Matcher } from '../../kube/selectors.ts';
import type { ObjectKey, Pod } from '../../kube/types.ts';
import type { Informer } from '../../runtime/informer.ts';

interface Group {
  labels: Record<string, string>;
  pods: Map<string, Pod>;
}

interface Selector {
  text: string;
  matches: Matcher;
  /** A 'key=value' that all it matches have; undefined when there is none. */
  pair: string | undefined;
}

export interface Selected {
  pods: Pod[];
  /** 'namespace/name', sorted: those whose selector matches one of the pods. */
  by: string[];
}

export class PodSelection {
  readonly #pods: Informer<Pod>;
  readonly #namespaces = new Map<string, NamespaceSelection>();

  constructor(pods: Informer<Pod>) {
    this.#pods = pods;
    pods.onChange({
      upsert: (pod, old) => this.#namespaces.get(pod.metadata.namespace ?? '')?.put(pod, old),
      delete: (pod) => this.#namespaces.get(pod.metadata.namespace ?? '')?.remove(pod),
    });
  }

  /** What the autoscaler selects, from now on until it is forgotten. The selector is one that can be understood. */
  select({ namespace = '', name }: ObjectKey, selector: string): Selected {
    let known = this.#namespaces.get(namespace);
    if (known === undefined) {
      known = new NamespaceSelection(this.#pods.list(namespace));
      this.#namespaces.set(namespace, known);
    }
    const { pods, by } = known.select(name, selector);
    return { pods, by: by.map((each) => `${namespace}/${each}`).toSorted() };
  }

  forget({ namespace = '', name }: ObjectKey): void {
    const known = this.#namespaces.get(namespace);
    if (known?.forget(name) === 0) this.#namespaces.delete(namespace);
  }
}

class NamespaceSelection {
  readonly #groups = new Map<string, Group>();
  readonly #groupsByPair = new Map<string, Set<Group>>();
  readonly #selectors = new Map<string, Selector>();
  /** Names of autoscalers; under undefined those to be asked about every pod. */
  readonly #selectorsByPair = new Map<string | undefined, Set<string>>();

  constructor(pods: readonly Pod[]) {
    for (const pod of pods) this.put(pod, undefined);
  }

  put(pod: Pod, old: Pod | undefined): void {
    const key = groupKey(pod);
    if (old !== undefined && groupKey(old) !== key) this.remove(old);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { labels: pod.metadata.labels ?? {}, pods: new Map() };
      this.#groups.set(key, group);
      for (const pair of pairsOf(group.labels)) entry(this.#groupsByPair, pair).add(group);
    }
    group.pods.set(pod.metadata.name ?? '', pod);
  }

  remove(pod: Pod): void {
    const key = groupKey(pod);
    const group = this.#groups.get(key);
    group?.pods.delete(pod.metadata.name ?? '');
    if (group?.pods.size !== 0) return;
    this.#groups.delete(key);
    for (const pair of pairsOf(group.labels)) discard(this.#groupsByPair, pair, group);
  }

  select(name: string, text: string): { pods: Pod[]; by: string[] } {
    const { matches, pair } = this.#selectorOf(name, text);
    const candidates = pair === undefined ? this.#groups.values() : (this.#groupsByPair.get(pair) ?? []);
    const pods: Pod[] = [];
    const by = new Set<string>();
    for (const group of candidates) {
      if (!matches(group.labels)) continue;
      for (const pod of group.pods.values()) pods.push(pod);
      for (const other of [undefined, ...pairsOf(group.labels)])
        for (const each of this.#selectorsByPair.get(other) ?? []) if (this.#selectors.get(each)?.matches(group.labels)) by.add(each);
    }
    return { pods, by: [...by] };
  }

  /** Answers how many are left. */
  forget(name: string): number {
    const known = this.#selectors.get(name);
    if (known !== undefined) discard(this.#selectorsByPair, known.pair, name);
    this.#selectors.delete(name);
    return this.#selectors.size;
  }

  #selectorOf(name: string, text: string): Selector {
    const known = this.#selectors.get(name);
    if (known?.text === text) return known;
    const selector = { text, matches: parseLabelSelector(text), pair: pairIn(text) };
    this.forget(name);
    this.#selectors.set(name, selector);
    entry(this.#selectorsByPair, selector.pair).add(name);
    return selector;
  }
}

function entry<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = new Set()));
  return found;
}

function discard<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const found = map.get(key);
  found?.delete(value);
  if (found?.size === 0) map.delete(key);
}

/** The same text for the same labels: the API keeps their order from one write to the next, and if not, a group is merely split. */
function groupKey({ metadata }: Pod): string {
  return JSON.stringify(metadata.labels ?? {});
}

function pairsOf(labels: Record<string, string>): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`);
}

/** Terms of a set are in parentheses: what follows a comma in there has no '='. */
function pairIn(selector: string): string | undefined {
  for (const term of selector.split(',')) {
    const match = /^\s*([^\s!=<>(),]+)\s*==?\s*([^\s!=<>(),]+)\s*$/.exec(term);
    if (match !== null) return `${match[1]}=${match[2]}`;
  }
  return undefined;
}
