/** Who uses an authentication, in its status, as `kubectl get triggerauthentications -o wide` shows. */
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { scaledJobs } from './jobs/types.ts';
import { clusterTriggerAuthentications, scaledObjects, triggerAuthentications, type Trigger, type TriggerAuthentication } from './types.ts';

type User = KubeObject & { spec: { triggers: readonly Trigger[] } };

export function authenticationUsers(ctx: ControllerContext): Controller[] {
  return [usersOf(ctx, triggerAuthentications), usersOf(ctx, clusterTriggerAuthentications)];
}

function usersOf(ctx: ControllerContext, resource: Resource<TriggerAuthentication>): Controller {
  const informer = ctx.informer(resource);
  const [objects, jobs] = [ctx.informer(scaledObjects), ctx.informer(scaledJobs)];
  const used = ({ metadata, spec }: User): ObjectKey[] =>
    spec.triggers.flatMap(({ authenticationRef: ref }) =>
      ref === undefined || (ref.kind ?? triggerAuthentications.kind) !== resource.kind
        ? []
        : [resource.namespaced ? { namespace: metadata.namespace ?? '', name: ref.name } : { name: ref.name }],
    );
  const usedNow = (user: User, old: User | undefined): ObjectKey[] => [...used(user), ...(old === undefined ? [] : used(old))];
  const namesOf = (users: readonly User[], { name }: ObjectKey): string =>
    [...new Set(users.filter((user) => !user.metadata.deletionTimestamp && used(user).some((key) => key.name === name)).map(({ metadata }) => metadata.name))]
      .toSorted()
      .join(',');
  return startController(ctx, {
    name: `${resource.kind.toLowerCase()}-users`,
    watches: [watching(resource), watching(scaledObjects, usedNow), watching(scaledJobs, usedNow)],
    async reconcile(key) {
      const authentication = informer.get(key);
      if (authentication === undefined) return;
      const wanted = { scaledobjects: namesOf(objects.list(key.namespace), key), scaledjobs: namesOf(jobs.list(key.namespace), key) };
      const { scaledobjects = '', scaledjobs = '' } = authentication.status ?? {};
      if (scaledobjects === wanted.scaledobjects && scaledjobs === wanted.scaledjobs) return;
      await ctx.client.patch(resource, key, { status: wanted }, { type: 'merge', subresource: 'status' });
    },
  });
}
