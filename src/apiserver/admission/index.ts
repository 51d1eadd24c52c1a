/**
 * Admission: what the API adds to objects, and which it turns away, by looking at other objects.
 * Plugins run in upstream's order; webhooks will join them here. `plugin.ts` says what a plugin is.
 */
import { certificateApproval, certificateSigning, certificateSubjectRestriction, clusterTrustBundleAttest, podCertificateSigning } from './certificates.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultTolerations } from './default-tolerations.ts';
import { limitRanges } from './limit-ranges.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { nodeTaints } from './node-taints.ts';
import type { Admission, AdmissionPlugin, Reservation } from './plugin.ts';
import { policyParams } from './policy-params.ts';
import { priority } from './priority.ts';
import { quotas } from './quotas.ts';
import { rbacEscalation } from './rbac-escalation.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccounts } from './service-accounts.ts';
import { claimResize, storageClassDefault, storageInUseProtection } from './storage.ts';

const PLUGINS: readonly AdmissionPlugin[] = [
  namespaceLifecycle,
  nodeRestriction,
  limitRanges,
  serviceAccounts,
  nodeTaints,
  priority,
  defaultTolerations,
  storageClassDefault,
  storageInUseProtection,
  claimResize,
  runtimeClass,
  certificateApproval,
  certificateSigning,
  podCertificateSigning,
  clusterTrustBundleAttest,
  certificateSubjectRestriction,
  defaultIngressClass,
  rbacEscalation,
  policyParams,
  quotas,
];

export function admission(plugins = PLUGINS): Admission {
  const concluding = plugins.filter((plugin) => plugin.conclude !== undefined);
  return {
    async prepare(request) {
      for (const plugin of plugins) await plugin.prepare?.(request);
    },
    admit(request) {
      for (const plugin of plugins) plugin.admit?.(request);
    },
    conclude(request) {
      let told: Reservation | undefined;
      for (const plugin of concluding) told = plugin.conclude?.(request) ?? told;
      return told;
    },
  };
}
