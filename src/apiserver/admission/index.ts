/**
 * Admission: what the API adds to objects, and which it turns away, by looking at other objects.
 * Plugins run in upstream's order; webhooks will join them here. `plugin.ts` says what a plugin is.
 */
import { defaultTolerations } from './default-tolerations.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeTaints } from './node-taints.ts';
import type { Admission, AdmissionPlugin } from './plugin.ts';
import { priority } from './priority.ts';
import { serviceAccounts } from './service-accounts.ts';

export function admission(plugins: readonly AdmissionPlugin[] = [namespaceLifecycle, serviceAccounts, nodeTaints, priority, defaultTolerations]): Admission {
  return {
    async prepare(request) {
      for (const plugin of plugins) await plugin.prepare?.(request);
    },
    admit(request) {
      for (const plugin of plugins) plugin.admit?.(request);
    },
  };
}
