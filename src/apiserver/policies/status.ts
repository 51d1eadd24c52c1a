/** Says in a policy's status what its expressions would stumble over, once a generation. */
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import type { ResourceDefinition } from '../engine.ts';
import { expressionWarnings } from './type-check.ts';
import type { ValidatingAdmissionPolicy } from './types.ts';

const policies: Resource<ValidatingAdmissionPolicy> = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  namespaced: false,
};
/** As upstream's controller calls itself. */
const FIELD_MANAGER = 'validatingadmissionpolicy-status';

/** `definitions`: what the API serves now. */
export function policyStatusController(ctx: ControllerContext, definitions: () => readonly ResourceDefinition[]): Controller {
  const informer = ctx.informer(policies);
  return startController(ctx, {
    name: 'validatingadmissionpolicy-status',
    watches: [watching(policies)],
    async reconcile(key) {
      const policy = informer.get(key);
      const generation = policy?.metadata.generation ?? 0;
      if (policy === undefined || generation <= (policy.status?.observedGeneration ?? 0)) return;
      const warnings = expressionWarnings(policy, definitions());
      const typeChecking = warnings.length === 0 ? {} : { expressionWarnings: warnings };
      const { apiVersion, kind } = policy;
      const applied: KubeObject & Pick<ValidatingAdmissionPolicy, 'status'> = {
        apiVersion,
        kind,
        metadata: { name: key.name },
        status: { observedGeneration: generation, typeChecking },
      };
      await ctx.client.patch(policies, key, applied, { type: 'apply', subresource: 'status', fieldManager: FIELD_MANAGER, force: true });
    },
  });
}
