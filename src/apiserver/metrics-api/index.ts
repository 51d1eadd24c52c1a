/**
 * metrics.k8s.io/v1beta1, for `kubectl top`: computed when asked for from the kubelets' samples, never stored.
 * `withMetrics` adds it to an engine's resources, so that discovery, tables and selectors work as for any other.
 */
import { badRequest, notFound } from '../../kube/status.ts';
import { parseFieldSelector, parseLabelSelector } from '../../kube/selectors.ts';
import type { KubeObject, Pod } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { ApiEngine, RequestContext, ResourceDefinition, Selection, StoredObject } from '../engine.ts';
import { encode } from '../store/stored-object.ts';
import { externalMetric, externalMetricsDefinition, externalValues, isExternalMetric, type ExternalMetrics } from './external.ts';
import { nodeMetrics, podMetrics } from './definitions.ts';
import { Sampler, type SamplerWorld } from './sampler.ts';
import { usageList, type NodeUsage } from './usage.ts';

/** The server reads nodes and pods on its own behalf. */
const READING: RequestContext = { user: { name: 'system:metrics-server', groups: ['system:masters'] }, warnings: [] };

/** The same engine with two more resources, and with those of external metrics where `external` answers them. `close` ends the sampling. */
export function withMetrics(
  engine: ApiEngine,
  { external, ...world }: Omit<SamplerWorld, 'nodeNames'> & { external?: ExternalMetrics | undefined },
): { engine: ApiEngine; close(): void } {
  const sampler = new Sampler({
    ...world,
    nodeNames: async () => (await read(engine, 'nodes')).map((node) => node.metadata.name ?? ''),
  });
  const metrics = new Metrics(engine, sampler);
  const extern = external && ((definition: ResourceDefinition, selection: Selection) => externalValues(external, world.clock, definition, selection));
  return { engine: extended(engine, metrics, extern), close: () => sampler.close() };
}

async function read(engine: ApiEngine, plural: string, selection: Selection = {}): Promise<KubeObject[]> {
  const definition = engine.definition('', 'v1', plural);
  if (definition === undefined) return [];
  return (await engine.list(definition, READING, selection)).items.map((stored) => stored.object);
}

class Metrics {
  readonly definitions: readonly ResourceDefinition[] = [nodeMetrics, podMetrics];
  readonly #engine: ApiEngine;
  readonly #sampler: Sampler;

  constructor(engine: ApiEngine, sampler: Sampler) {
    this.#engine = engine;
    this.#sampler = sampler;
  }

  has(definition: ResourceDefinition): boolean {
    return this.definitions.includes(definition);
  }

  async list(definition: ResourceDefinition, selection: Selection): Promise<StoredObject[]> {
    const matches = matcherOf(selection);
    // By the labels of what is measured: the answer carries them too.
    const subjects = await read(this.#engine, definition.plural, selection.namespace === undefined ? {} : { namespace: selection.namespace });
    return subjects.filter(matches).flatMap((subject) => {
      const found = definition === nodeMetrics ? this.#ofNode(subject) : this.#ofPod(subject as Pod);
      return found === undefined ? [] : [encode(0, found)];
    });
  }

  #ofNode(node: KubeObject): KubeObject | undefined {
    const usage = this.#sampler.usageOf(node.metadata.name ?? '');
    return usage && ({ ...head(nodeMetrics, node, usage), usage: usageList(usage.node) } as KubeObject);
  }

  #ofPod(pod: Pod): KubeObject | undefined {
    const usage = pod.spec?.nodeName ? this.#sampler.usageOf(pod.spec.nodeName) : undefined;
    const own = usage?.byPod.get(`${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`);
    if (usage === undefined || own === undefined) return undefined;
    return { ...head(podMetrics, pod, usage), containers: own.containers.map(({ name, usage: used }) => ({ name, usage: usageList(used) })) } as KubeObject;
  }
}

function head(definition: ResourceDefinition, { metadata }: KubeObject, usage: NodeUsage): KubeObject & { timestamp: string; window: string } {
  const { name, namespace, labels } = metadata;
  return {
    kind: definition.kind,
    apiVersion: `${definition.group}/${definition.version}`,
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      creationTimestamp: timestamp(usage.time),
    },
    timestamp: timestamp(usage.time),
    window: `${(usage.windowMs / 1000).toFixed(3)}s`,
  };
}

/** Throws StatusError 400 for selectors that cannot be understood. */
function matcherOf({ labelSelector, fieldSelector }: Selection): (object: KubeObject) => boolean {
  const labels = labelSelector ? parseLabelSelector(labelSelector) : undefined;
  const terms = fieldSelector ? parseFieldSelector(fieldSelector) : [];
  for (const { field } of terms) {
    if (field !== 'metadata.name' && field !== 'metadata.namespace') throw badRequest(`field label not supported: ${field}`);
  }
  return ({ metadata }) =>
    (labels?.(metadata.labels) ?? true) &&
    terms.every(({ field, op, value }) => ((field === 'metadata.name' ? metadata.name : metadata.namespace) === value) === (op === '='));
}

type ExternalList = (definition: ResourceDefinition, selection: Selection) => Promise<StoredObject[]>;

function extended(engine: ApiEngine, metrics: Metrics, external: ExternalList | undefined): ApiEngine {
  return {
    definitions: () => [...engine.definitions(), ...metrics.definitions, ...(external ? [externalMetricsDefinition] : [])],
    definition: (group, version, plural) =>
      engine.definition(group, version, plural) ??
      metrics.definitions.find((own) => own.group === group && own.version === version && own.plural === plural) ??
      (external && externalMetric(group, version, plural)),
    async get(definition, ctx, key, request) {
      if (!metrics.has(definition)) return engine.get(definition, ctx, key, request);
      const [found] = await metrics.list(definition, {
        ...(key.namespace === undefined ? {} : { namespace: key.namespace }),
        fieldSelector: `metadata.name=${key.name}`,
      });
      if (found === undefined) throw notFound({ group: definition.group, plural: definition.plural, name: key.name });
      return found;
    },
    async list(definition, ctx, request = {}) {
      if (external && isExternalMetric(definition)) return { revision: engine.revision, items: await external(definition, request) };
      if (!metrics.has(definition)) return engine.list(definition, ctx, request);
      return { revision: engine.revision, items: await metrics.list(definition, request) };
    },
    addDefinitions: (definitions) => engine.addDefinitions(definitions),
    removeDefinitions: (definitions) => engine.removeDefinitions(definitions),
    onDefinitionsChanged: (fn) => engine.onDefinitionsChanged(fn),
    setCreateHandler: (target, handler) => engine.setCreateHandler(target, handler),
    watch: (...args) => engine.watch(...args),
    create: (...args) => engine.create(...args),
    update: (...args) => engine.update(...args),
    patch: (...args) => engine.patch(...args),
    delete: (...args) => engine.delete(...args),
    deleteCollection: (...args) => engine.deleteCollection(...args),
    createSubresource: (...args) => engine.createSubresource(...args),
    resolveService: (reference) => engine.resolveService(reference),
    get authorizer() {
      return engine.authorizer;
    },
    get revision() {
      return engine.revision;
    },
    get storeError() {
      return engine.storeError;
    },
  };
}
