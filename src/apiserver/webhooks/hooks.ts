/** The webhooks that are configured now, ready to be matched: read from the store again only when a configuration changed. */
import { matcherOf, type Matcher } from '../../kube/selectors.ts';
import type { KubeObject, LabelSelector, Namespace } from '../../kube/types.ts';
import type { ResourceDefinition } from '../engine.ts';
import { lookUp } from '../registry/world.ts';
import type { Collection } from '../store/collection.ts';
import type { Store } from '../store/store.ts';
import { isExempt, type ReviewRequest } from './review.ts';
import { matchedDefinition } from './rules.ts';
import type { Webhook, WebhookConfiguration } from './types.ts';

export interface Hook {
  webhook: Webhook;
  selects: Selects;
  conditions: Conditions | undefined;
}

/** Whether a webhook's matchConditions hold. Throws the StatusError that ends the request. */
export type Conditions = (request: ReviewRequest) => boolean;

/** Whether the labels of the request's object and namespace are wanted. */
export type Selects = (request: ReviewRequest) => boolean;

export interface HooksWorld {
  store: Store;
  /** All definitions of the same stored objects. */
  equivalents(definition: ResourceDefinition): readonly ResourceDefinition[];
  compileConditions(webhook: Webhook): Conditions | undefined;
}

export class Hooks {
  readonly #world: HooksWorld;
  readonly #mutating: Source;
  readonly #validating: Source;

  constructor(world: HooksWorld) {
    this.#world = world;
    const source = (plural: string): Source =>
      new Source(world.store.collection(`admissionregistration.k8s.io/${plural}`), (webhook) => this.#compile(webhook));
    this.#mutating = source('mutatingwebhookconfigurations');
    this.#validating = source('validatingwebhookconfigurations');
  }

  get none(): boolean {
    return this.#mutating.empty && this.#validating.empty;
  }

  get mutating(): readonly Hook[] {
    return this.#mutating.hooks();
  }

  get validating(): readonly Hook[] {
    return this.#validating.hooks();
  }

  /** Whether the rules of any webhook name the request: labels and conditions are looked at when its turn comes. */
  any(request: ReviewRequest): boolean {
    if (isExempt(request.definition)) return false;
    const named = (hook: Hook): boolean => this.#named(hook, request) !== undefined;
    return this.mutating.some(named) || this.validating.some(named);
  }

  /** The definition to show the object in, when the webhook wants to see the request. */
  matches(hook: Hook, request: ReviewRequest): ResourceDefinition | undefined {
    const shown = this.#named(hook, request);
    if (shown === undefined || !hook.selects(request) || hook.conditions?.(request) === false) return undefined;
    return shown;
  }

  #named({ webhook }: Hook, request: ReviewRequest): ResourceDefinition | undefined {
    return matchedDefinition(webhook.rules, webhook.matchPolicy, request, this.#world.equivalents);
  }

  #compile(webhook: Webhook): Hook {
    return { webhook, selects: selects(this.#world.store, webhook), conditions: this.#world.compileConditions(webhook) };
  }
}

/** Shared with policies: the selectors of a webhook or of match constraints. */
export function selects(store: Store, { namespaceSelector, objectSelector }: { namespaceSelector?: LabelSelector; objectSelector?: LabelSelector }): Selects {
  const namespaces = matcherUnlessEmpty(namespaceSelector);
  const objects = matcherUnlessEmpty(objectSelector);
  if (namespaces === undefined && objects === undefined) return () => true;
  return (request) =>
    (namespaces === undefined || inNamespace(store, request, namespaces)) &&
    (objects === undefined || [request.object, request.old].some((object: KubeObject | undefined) => object !== undefined && objects(object.metadata?.labels)));
}

function matcherUnlessEmpty(selector: LabelSelector | undefined): Matcher | undefined {
  const empty = selector === undefined || (Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0);
  return empty ? undefined : matcherOf(selector);
}

/** Objects outside namespaces always match; a namespace is in itself, with the labels it is about to have. */
function inNamespace(store: Store, { definition, key, object, operation }: ReviewRequest, matches: Matcher): boolean {
  if (definition.group === '' && definition.plural === 'namespaces') {
    const itself = operation === 'DELETE' ? undefined : object;
    return matches((itself ?? lookUp<Namespace>({ store }, '', 'namespaces', key.name))?.metadata.labels);
  }
  if (!definition.namespaced) return true;
  return matches(lookUp<Namespace>({ store }, '', 'namespaces', key.namespace ?? '')?.metadata.labels);
}

class Source {
  readonly #collection: Collection;
  readonly #compile: (webhook: Webhook) => Hook;
  #hooks: readonly Hook[] | undefined;

  constructor(collection: Collection, compile: (webhook: Webhook) => Hook) {
    this.#collection = collection;
    this.#compile = compile;
    collection.listen(() => {
      this.#hooks = undefined;
    });
  }

  get empty(): boolean {
    return this.#collection.size === 0;
  }

  /** In order of the configurations' names. */
  hooks(): readonly Hook[] {
    this.#hooks ??= Array.from(this.#collection.range(), ([, { object }]) => (object as WebhookConfiguration).webhooks ?? []).flatMap((list) =>
      list.map((webhook) => this.#compile(webhook)),
    );
    return this.#hooks;
  }
}
