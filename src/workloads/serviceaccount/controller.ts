/** Every namespace has a service account `default` and the cluster's CA in the config map `kube-root-ca.crt`. */
import { configMaps, namespaces, serviceAccounts } from '../../kube/resources.ts';
import { isAlreadyExists } from '../../kube/status.ts';
import type { ConfigMap, KubeObject, ObjectKey } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { isNamespaceTerminating } from '../shared/pod-control.ts';

const DEFAULT_ACCOUNT = 'default';
const ROOT_CA = 'kube-root-ca.crt';
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. ' +
  'No other usage is guaranteed across distributions of Kubernetes clusters.';

/** `ca`: the cluster's CA bundle in PEM. */
export function serviceAccountController(ctx: ControllerContext, ca: string): Controller {
  const namespaceInformer = ctx.informer(namespaces);
  const accounts = ctx.informer(serviceAccounts);
  const maps = ctx.informer(configMaps);

  function rootCa(namespace: string): ConfigMap {
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: ROOT_CA, namespace, annotations: { 'kubernetes.io/description': DESCRIPTION } },
      data: { 'ca.crt': ca },
    };
  }

  return startController(ctx, {
    name: 'serviceaccount',
    watches: [watching(namespaces), watching(serviceAccounts, namespaceOf(DEFAULT_ACCOUNT)), watching(configMaps, namespaceOf(ROOT_CA))],
    async reconcile({ name: namespace }) {
      const found = namespaceInformer.get({ name: namespace });
      if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
      if (accounts.get({ namespace, name: DEFAULT_ACCOUNT }) === undefined) {
        await ctx.client
          .create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: DEFAULT_ACCOUNT, namespace } })
          .catch(unlessPointless);
      }
      const map = maps.get({ namespace, name: ROOT_CA });
      if (map === undefined) await ctx.client.create(configMaps, rootCa(namespace)).catch(unlessPointless);
      else if (map.data?.['ca.crt'] !== ca) await ctx.client.update(configMaps, { ...map, data: { 'ca.crt': ca } });
    },
  });
}

/** The namespace of objects of one name: keys here are namespaces. */
function namespaceOf(name: string): (object: KubeObject) => ObjectKey[] {
  return (object) => (object.metadata.name === name ? [{ name: object.metadata.namespace ?? '' }] : []);
}

function unlessPointless(error: unknown): void {
  if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
}
