/** Pods and namespaces as policies need them. They are watched only while there is a policy, and kept without what no policy asks about. */
import { namespaces, pods, type Resource } from '../../kube/resources.ts';
import type { KubeObject, Namespace, Pod } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { SharedInformer, type InformerWorld } from '../../runtime/shared-informer.ts';

export interface PodViews {
  pods: SharedInformer<Pod>;
  namespaces: SharedInformer<Namespace>;
  /** Resolves when both are there. */
  synced: Promise<unknown>;
  stop(): void;
}

export function watchPods(world: InformerWorld): PodViews {
  const abort = new AbortController();
  const podInformer = new SharedInformer<Pod>(pods, { ...world, client: shrinking(world.client) });
  const namespaceInformer = new SharedInformer<Namespace>(namespaces, world);
  void podInformer.run(abort.signal);
  void namespaceInformer.run(abort.signal);
  return {
    pods: podInformer,
    namespaces: namespaceInformer,
    synced: Promise.all([podInformer.synced(abort.signal), namespaceInformer.synced(abort.signal)]),
    stop: () => abort.abort(),
  };
}

type Reader = Pick<Client, 'list' | 'watch'>;

/** A pod is some kilobytes, of which policies ask about a few hundred bytes. */
function shrinking(client: Reader): Reader {
  // Asked for pods only, by the informer above.
  const shrunk = <T extends KubeObject>(object: T): T => slimPod(object as unknown as Pod) as unknown as T;
  return {
    async list<T extends KubeObject>(resource: Resource<T>, options?: Parameters<Reader['list']>[1]) {
      const list = await client.list(resource, options);
      return { ...list, items: list.items.map(shrunk) };
    },
    async *watch<T extends KubeObject>(resource: Resource<T>, options: Parameters<Reader['watch']>[1]) {
      for await (const event of client.watch(resource, options)) yield event.type === 'BOOKMARK' ? event : { ...event, object: shrunk(event.object) };
    },
  };
}

function slimPod({ apiVersion, kind, metadata, spec, status }: Pod): Pod {
  const { namespace, name, uid, labels, resourceVersion } = metadata;
  const ports = (list: NonNullable<Pod['spec']>['containers'] | undefined) =>
    (list ?? [])
      .filter((container) => container.ports !== undefined)
      .map((container) => ({
        name: container.name,
        ports: container.ports!,
        ...(container.restartPolicy === undefined ? {} : { restartPolicy: container.restartPolicy }),
      }));
  return {
    apiVersion,
    kind,
    metadata: defined({ namespace, name, uid, labels, resourceVersion }),
    spec: { ...defined({ hostNetwork: spec?.hostNetwork }), containers: ports(spec?.containers), initContainers: ports(spec?.initContainers) },
    status: defined({ phase: status?.phase, podIP: status?.podIP, hostIP: status?.hostIP }),
  };
}

/** Without the fields that are not there. */
function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // Exactly what the filter leaves.
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}
