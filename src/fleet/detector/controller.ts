/** Finds the policy of each template, and keeps the binding that says where it is to go. Karmada's resource-detector. */
import { equalJson } from '../../kube/json.ts';
import { customResourceDefinitions } from '../../kube/resources.ts';
import type { CustomResourceDefinition, ObjectKey, Unstructured } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController } from '../../runtime/reconcile.ts';
import { interpreterOf } from '../interpreters/index.ts';
import { clusterResourceBindings, resourceBindings } from '../kinds/binding.ts';
import * as marks from '../kinds/marks.ts';
import { clusterPropagationPolicies, propagationPolicies, type PropagationPolicy } from '../kinds/policy.ts';
import { claimant, closenessOf } from '../policies/claim.ts';
import { groupVersion, sameTemplate, type Templates, type WatchedKind } from '../templates.ts';
import { bindingName, wantedBinding, withClaim } from './binding.ts';

/** Looked at without any policy, to say that none matches: what people expect to run somewhere. */
const WORKLOADS: readonly (readonly [apiVersion: string, kind: string])[] = [
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'DaemonSet'],
  ['batch/v1', 'Job'],
  ['batch/v1', 'CronJob'],
  ['v1', 'Service'],
];

export function detectorController(ctx: ControllerContext, templates: Templates): Controller {
  const recorder = ctx.recorder('resource-detector');
  const namespaced = ctx.informer(propagationPolicies);
  const cluster = ctx.informer(clusterPropagationPolicies);
  const bindings = { namespaced: ctx.informer(resourceBindings), cluster: ctx.informer(clusterResourceBindings) };
  const definitions = ctx.informer(customResourceDefinitions);
  /** Told once that no policy matches, by UID: an event that comes again and again says nothing new. */
  const told = new Set<string>();

  function policyOf({ metadata: { annotations = {} } }: Unstructured): PropagationPolicy | undefined {
    const name = annotations[marks.POLICY_NAME];
    const namespace = annotations[marks.POLICY_NAMESPACE];
    if (name !== undefined && namespace !== undefined) return namespaced.get({ namespace, name });
    const clusterName = annotations[marks.CLUSTER_POLICY_NAME];
    return clusterName === undefined ? undefined : cluster.get({ name: clusterName });
  }

  async function mark(template: Unstructured, policy: PropagationPolicy | undefined, { resource }: WatchedKind): Promise<Unstructured> {
    const metadata = withClaim(template.metadata, policy);
    if (metadata === template.metadata) return template;
    return ctx.client.update(resource, { ...template, metadata });
  }

  async function release(template: Unstructured, kind: WatchedKind): Promise<void> {
    await mark(template, undefined, kind);
    const { namespace, name = '' } = template.metadata;
    const key = namespace === undefined ? { name: bindingName(template.kind, name) } : { namespace, name: bindingName(template.kind, name) };
    const resource = namespace === undefined ? clusterResourceBindings : resourceBindings;
    const binding = (namespace === undefined ? bindings.cluster : bindings.namespaced).get(key);
    if (binding === undefined) return;
    const metadata = withClaim(binding.metadata, undefined);
    if (metadata !== binding.metadata) await ctx.client.update(resource, { ...binding, metadata });
  }

  async function bind(claimed: Unstructured, policy: PropagationPolicy): Promise<void> {
    const { namespace, name = '' } = claimed.metadata;
    const resource = namespace === undefined ? clusterResourceBindings : resourceBindings;
    const informer = namespace === undefined ? bindings.cluster : bindings.namespaced;
    const known = informer.get({ ...(namespace === undefined ? {} : { namespace }), name: bindingName(claimed.kind, name) });
    if (known !== undefined && (known.metadata.deletionTimestamp !== undefined || known.spec.resource.uid !== claimed.metadata.uid))
      throw new Error(`the binding of what was ${claimed.kind} ${name} before is still there`);
    const wanted = wantedBinding(claimed, policy, interpreterOf(claimed), known);
    if (wanted === known) return;
    await (known === undefined ? ctx.client.create(resource, wanted) : ctx.client.update(resource, wanted));
    const before = known && known.metadata.annotations;
    if (before === undefined || !equalJson(before, wanted.metadata.annotations))
      recorder.event(claimed, 'Normal', 'ApplyPolicySucceed', `Apply ${shown(policy)} succeed`);
  }

  return startController(ctx, {
    name: 'resource-detector',
    workers: 8,
    watches: [
      // Their changes are seen below; listed here so that they are in view before the first template is looked at.
      { resource: propagationPolicies, keys: () => [] },
      { resource: clusterPropagationPolicies, keys: () => [] },
      { resource: resourceBindings, keys: () => [] },
      { resource: clusterResourceBindings, keys: () => [] },
      { resource: customResourceDefinitions, keys: () => [] },
    ],
    start(enqueue, signal) {
      const add = (template: Unstructured, kind: WatchedKind): void => {
        if (!isReserved(template)) enqueue(keyOf(template, kind));
      };
      const ends = [
        templates.onChange({
          upsert: (template, old, kind) => {
            if (old === undefined || !sameTemplate(template, old)) add(template, kind);
          },
          delete: ({ metadata }) => void told.delete(metadata.uid ?? ''),
        }),
      ];
      const changed = (policy: PropagationPolicy, old?: PropagationPolicy): void => {
        if (old !== undefined && old.metadata.generation === policy.metadata.generation && old.metadata.deletionTimestamp === policy.metadata.deletionTimestamp)
          return;
        const selectors = [...policy.spec.resourceSelectors, ...(old?.spec.resourceSelectors ?? [])];
        for (const kind of new Set(selectors.map((selector) => `${selector.apiVersion} ${selector.kind}`))) void lookAtKind(kind, policy);
      };
      const lookAtKind = async (text: string, policy: PropagationPolicy): Promise<void> => {
        const [apiVersion = '', kind = ''] = text.split(' ');
        const watched = await templates.watch(apiVersion, kind);
        for (const template of watched?.informer.list() ?? []) {
          if (closenessOf(policy, template) > 0 || policyOf(template)?.metadata.uid === policy.metadata.uid || isMarked(template, policy))
            add(template, watched!);
        }
      };
      /** A policy may name a kind before there is one. */
      const defined = ({ spec: { group, names } }: CustomResourceDefinition): void => {
        for (const policy of [...namespaced.list(), ...cluster.list()]) {
          const named = policy.spec.resourceSelectors.filter(({ apiVersion, kind }) => kind === names.kind && groupVersion(apiVersion).group === group);
          for (const text of new Set(named.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`))) void lookAtKind(text, policy);
        }
      };
      ends.push(definitions.onChange({ upsert: defined }));
      for (const informer of [namespaced, cluster]) ends.push(informer.onChange({ upsert: changed, delete: (policy) => changed(policy) }));
      for (const [apiVersion, kind] of WORKLOADS) void templates.watch(apiVersion, kind);
      signal.addEventListener('abort', () => ends.forEach((end) => end()), { once: true });
    },
    async reconcile(key) {
      const kind = templates.byId(key.namespace ?? '');
      const template = kind?.informer.get(templateKey(key));
      if (kind === undefined || template === undefined || template.metadata.deletionTimestamp !== undefined) return;
      const namespace = template.metadata.namespace;
      const policies = { namespaced: namespace === undefined ? [] : namespaced.list(namespace), cluster: cluster.list() };
      const current = policyOf(template);
      const policy = claimant(template, policies, current);
      if (policy !== undefined) {
        const claimed = await mark(template, policy, kind);
        if (current !== undefined && current !== policy && current.metadata.uid !== policy.metadata.uid)
          recorder.event(claimed, 'Normal', 'PreemptPolicySucceed', `${shown(policy)} took over from ${shown(current)}`);
        await bind(claimed, policy);
        return;
      }
      await release(template, kind);
      const uid = template.metadata.uid ?? '';
      if (told.has(uid) || !WORKLOADS.some(([apiVersion, name]) => apiVersion === template.apiVersion && name === template.kind)) return;
      told.add(uid);
      recorder.event(template, 'Warning', 'ApplyPolicyFailed', 'No policy match for resource');
    },
  });
}

/** `<kind's id>/<namespace>/<name>`: the queue's keys have one slash of their own. */
function keyOf({ metadata: { namespace = '', name = '' } }: Unstructured, kind: WatchedKind): ObjectKey {
  return { namespace: kind.id, name: `${namespace}/${name}` };
}

function templateKey({ name }: ObjectKey): ObjectKey {
  const [namespace = '', own = ''] = name.split('/');
  return namespace === '' ? { name: own } : { namespace, name: own };
}

function isReserved({ metadata: { namespace, name } }: Unstructured): boolean {
  return (namespace !== undefined && marks.isReserved(namespace)) || (namespace === 'default' && name === 'kubernetes');
}

function isMarked({ metadata: { annotations = {} } }: Unstructured, { metadata: { namespace, name } }: PropagationPolicy): boolean {
  return namespace === undefined
    ? annotations[marks.CLUSTER_POLICY_NAME] === name
    : annotations[marks.POLICY_NAMESPACE] === namespace && annotations[marks.POLICY_NAME] === name;
}

/** As Karmada's events have it: 'policy(default/hello-propagation)'. */
function shown({ metadata: { namespace, name = '' } }: PropagationPolicy): string {
  return namespace === undefined ? `cluster policy(${name})` : `policy(${namespace}/${name})`;
}
