/**
 * Makes CustomResourceDefinitions served: accepts their names, adds their resources to the engine, and on deletion
 * removes all their objects before the definition goes.
 */
import { getCondition, setCondition, type Condition } from '../../kube/conditions.ts';
import { customResourceDefinitions, type Resource } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { CustomResourceDefinition } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import type { ApiEngine } from '../engine.ts';
import { CLEAN_UP } from '../registry/definition-deletion.ts';
import { definitionsOf } from './definition.ts';
import { nameConflicts } from './names.ts';
import { structuralErrors } from './structural.ts';

const RECHECK_MS = 200;
/** Definitions are the server's own business, in upstream's words. */
const STATUS_PATCH = { type: 'merge', subresource: 'status', fieldManager: 'kube-apiserver' } as const;
const IN_PROGRESS: Condition = { type: 'Terminating', status: 'True', reason: 'InstanceDeletionInProgress', message: 'CustomResource deletion is in progress' };

type Status = NonNullable<CustomResourceDefinition['status']>;

/** What the status should say, given the clashes of its names. `now` is RFC 3339. */
export function wantedStatus(crd: CustomResourceDefinition, conflicts: readonly string[], now: string): Status {
  const accepted = conflicts.length === 0;
  const established = accepted || getCondition(crd.status?.conditions, 'Established')?.status === 'True';
  const conditions = setCondition<Condition>(
    setCondition<Condition>(
      crd.status?.conditions,
      accepted
        ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
        : { type: 'NamesAccepted', status: 'False', reason: 'NameConflict', message: conflicts.join(', ') },
      now,
    ),
    established
      ? { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
      : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
    now,
  );
  const structural = structuralCondition(crd);
  const others = conditions.filter(({ type }) => type !== NON_STRUCTURAL);
  const storage = crd.spec.versions.find((version) => version.storage)?.name;
  const stored = crd.status?.storedVersions ?? [];
  return {
    conditions: (structural === undefined ? others : setCondition<Condition>(conditions, structural, now)) as Status['conditions'],
    acceptedNames: accepted ? crd.spec.names : (crd.status?.acceptedNames ?? { plural: '', kind: '' }),
    storedVersions: storage === undefined || stored.includes(storage) ? stored : [...stored, storage],
  } as Status;
}

const NON_STRUCTURAL = 'NonStructuralSchema';

/** Of definitions that came here from an older server: none is made so. */
function structuralCondition(crd: CustomResourceDefinition): Condition | undefined {
  const messages = structuralErrors(crd).map(({ field, message }) => `${field}: ${message}`);
  if (messages.length === 0) return undefined;
  const [first = ''] = messages;
  return { type: NON_STRUCTURAL, status: 'True', reason: 'Violations', message: messages.length === 1 ? first : `[${messages.join(', ')}]` };
}

/** Adds the resources of definitions established before, so that they are served from the first request on. */
export async function loadCustomResources(engine: ApiEngine): Promise<void> {
  const definition = engine.definition('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
  if (!definition) return;
  const { items } = await engine.list(definition, { user: { name: 'system:apiserver', groups: ['system:masters'] }, warnings: [] });
  for (const { object } of items) {
    const crd = object as CustomResourceDefinition;
    if (getCondition(crd.status?.conditions, 'Established')?.status === 'True') engine.addDefinitions(definitionsOf(crd));
  }
}

export function customResourceController(ctx: ControllerContext, engine: ApiEngine): Controller {
  const informer = ctx.informer(customResourceDefinitions);

  const serve = (crd: CustomResourceDefinition): void => {
    const wanted = definitionsOf(crd);
    const { group, names } = crd.spec;
    const gone = engine
      .definitions()
      .filter((d) => !d.builtin && d.group === group && d.plural === names.plural && !wanted.some((w) => w.version === d.version));
    if (gone.length > 0) engine.removeDefinitions(gone);
    engine.addDefinitions(wanted);
  };

  const conflictsOf = (crd: CustomResourceDefinition): string[] => {
    const { group, names } = crd.spec;
    return nameConflicts(
      names,
      engine.definitions().filter((d) => d.group === group && d.plural !== names.plural),
    );
  };

  const resourceOf = (crd: CustomResourceDefinition): Resource | undefined => {
    const version = crd.spec.versions.find((v) => v.served);
    if (!version) return undefined;
    return {
      group: crd.spec.group,
      version: version.name,
      kind: crd.spec.names.kind,
      plural: crd.spec.names.plural,
      namespaced: crd.spec.scope === 'Namespaced',
    };
  };

  const establish = async (crd: CustomResourceDefinition): Promise<void> => {
    const name = crd.metadata.name ?? '';
    const conflicts = conflictsOf(crd);
    const status = wantedStatus(crd, conflicts, timestamp(ctx.clock.now()));
    if (getCondition(status.conditions, 'Established')?.status === 'True') serve(crd);
    if (
      JSON.stringify(status) !==
      JSON.stringify({ conditions: crd.status?.conditions, acceptedNames: crd.status?.acceptedNames, storedVersions: crd.status?.storedVersions })
    ) {
      await ctx.client.patch(customResourceDefinitions, { name }, { status }, STATUS_PATCH);
    }
  };

  const cleanUp = async (crd: CustomResourceDefinition): Promise<void | { requeueAfterMs: number }> => {
    const finalizers = crd.metadata.finalizers ?? [];
    if (!finalizers.includes(CLEAN_UP)) return;
    if (getCondition(crd.status?.conditions, 'Terminating')?.reason !== IN_PROGRESS.reason) {
      const conditions = setCondition<Condition>(crd.status?.conditions, IN_PROGRESS, timestamp(ctx.clock.now()));
      await ctx.client.patch(customResourceDefinitions, { name: crd.metadata.name ?? '' }, { status: { conditions } }, STATUS_PATCH);
      return; // The change brings the definition back here.
    }
    const resource = resourceOf(crd);
    if (resource && engine.definition(resource.group, resource.version, resource.plural)) {
      const { items } = await ctx.client.list(resource, { limit: 1 });
      if (items.length > 0) {
        await ctx.client.deleteCollection(resource, { propagationPolicy: 'Background' });
        return { requeueAfterMs: RECHECK_MS };
      }
    }
    const patch = { metadata: { finalizers: finalizers.filter((f) => f !== CLEAN_UP), resourceVersion: crd.metadata.resourceVersion } };
    await ctx.client.patch(customResourceDefinitions, { name: crd.metadata.name ?? '' }, patch, { type: 'merge' }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  };

  return startController(ctx, {
    name: 'customresourcedefinition',
    workers: 1,
    watches: [watching(customResourceDefinitions)],
    async reconcile({ name }) {
      const crd = informer.get({ name });
      if (!crd) {
        // A definition is named <plural>.<group>.
        const at = name.indexOf('.');
        const [plural, group] = [name.slice(0, at), name.slice(at + 1)];
        const gone = engine.definitions().filter((d) => !d.builtin && d.plural === plural && d.group === group);
        if (gone.length > 0) engine.removeDefinitions(gone);
        return;
      }
      return crd.metadata.deletionTimestamp ? cleanUp(crd) : establish(crd);
    },
  });
}
