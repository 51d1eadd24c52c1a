/** Which configuration of the container runtime a pod asks for. */
import { runtimeClasses } from '../../kube/resources.ts';
import type { Pod } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';

/** There is only runc, by its name or by none. */
export const RUNTIME_HANDLERS = ['', 'runc'];

/** Rejects in the words of a kubelet or of containerd when the pod's class is not there, or names what the node does not have. */
export async function checkRuntimeHandler(client: Client, pod: Pod): Promise<void> {
  const name = pod.spec?.runtimeClassName;
  if (!name) return;
  const { handler } = await client.get(runtimeClasses, { name });
  if (!RUNTIME_HANDLERS.includes(handler))
    throw new Error(`rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "${handler}" is configured`);
}
