/** Aggregated ClusterRoles (admin, edit, view and others) have the rules of the roles they select: upstream's clusterroleaggregation. */
import { clusterRoles } from '../../kube/resources.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { keyOf } from '../shared/claim.ts';
import { aggregatedRules } from './decide.ts';

const NAME = 'clusterrole-aggregation-controller';

/** The client of `ctx` must be allowed to escalate on cluster roles. */
export function clusterRoleController(ctx: ControllerContext): Controller {
  const roles = ctx.informer(clusterRoles);
  return startController(ctx, {
    name: NAME,
    workers: 1,
    watches: [
      watching(clusterRoles, () =>
        roles
          .list()
          .filter((role) => role.aggregationRule !== undefined)
          .map(keyOf),
      ),
    ],
    async reconcile(key) {
      const role = roles.get(key);
      const rules = role && aggregatedRules(role, roles.list());
      if (rules === undefined) return;
      const wanted = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: key.name }, rules };
      await ctx.client.patch(clusterRoles, key, wanted, { type: 'apply', fieldManager: NAME, force: true });
    },
  });
}
