/** Namespaces of the hub are in every member, those that join later too. */
import { namespaces } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { Namespace, Unstructured } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { sameWork } from '../binding/works.ts';
import { workName } from '../binding/names.ts';
import { forMember } from '../interpreters/prune.ts';
import { clusters, type Cluster } from '../kinds/cluster.ts';
import * as marks from '../kinds/marks.ts';
import { executionNamespace, works, type Work } from '../kinds/work.ts';

/** What a member is to have of a namespace of the hub: taken over where it is there already. */
export function namespaceWork(namespace: Namespace, member: Cluster): Work {
  const cluster = member.metadata.name ?? '';
  const { name = '', uid = '' } = namespace.metadata;
  const work = { namespace: executionNamespace(cluster), name: workName('Namespace', name, undefined) };
  const bare = forMember(namespace as Unstructured);
  return {
    apiVersion: 'work.karmada.io/v1alpha1',
    kind: 'Work',
    metadata: { ...work, finalizers: [marks.EXECUTION_FINALIZER], annotations: {} },
    spec: {
      ...(marks.keepsOnLeave(member) ? { preserveResourcesOnDeletion: true } : {}),
      workload: {
        manifests: [
          {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: {
              name,
              labels: { ...bare.metadata.labels, [marks.MANAGED]: 'true' },
              annotations: {
                ...bare.metadata.annotations,
                [marks.TEMPLATE_UID]: uid,
                [marks.WORK_NAMESPACE]: work.namespace,
                [marks.WORK_NAME]: work.name,
                [marks.CONFLICT_RESOLUTION]: 'overwrite',
              },
            },
          },
        ],
      },
    },
  };
}

export function propagates({ metadata }: Namespace): boolean {
  const { name = '', labels = {}, deletionTimestamp } = metadata;
  return name !== 'default' && !marks.isReserved(name) && labels[marks.SKIP_PROPAGATION] !== 'true' && deletionTimestamp === undefined;
}

export function namespaceController(ctx: ControllerContext): Controller {
  const spaces = ctx.informer(namespaces);
  const members = ctx.informer(clusters);
  const allWorks = ctx.informer(works);

  async function ensure(wanted: Work): Promise<void> {
    const { namespace = '', name = '' } = wanted.metadata;
    const known = allWorks.get({ namespace, name });
    if (known === undefined) await ctx.client.create(works, wanted);
    else if (!sameWork(known, wanted)) await ctx.client.update(works, { ...known, spec: wanted.spec });
  }

  async function remove(name: string, cluster: string): Promise<void> {
    const key = { namespace: executionNamespace(cluster), name: workName('Namespace', name, undefined) };
    const known = allWorks.get(key);
    if (known === undefined || known.metadata.deletionTimestamp !== undefined) return;
    try {
      await ctx.client.delete(works, key);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  return startController(ctx, {
    name: 'namespace-sync',
    watches: [
      watching(namespaces, ({ metadata: { name = '' } }) => [{ name }]),
      // Its namespace of works comes after it.
      watching(clusters, (cluster, old) => (old !== undefined && sameMember(cluster, old) ? [] : all())),
      watching(namespaces, ({ metadata: { name = '' } }, old, deleted) => (old === undefined && !deleted && name.startsWith('karmada-es-') ? all() : [])),
      watching(works, (work, _, deleted) => (deleted ? namespacesIn(work) : [])),
    ],
    async reconcile({ name }) {
      const namespace = spaces.get({ name });
      if (namespace !== undefined && (name === 'default' || marks.isReserved(name))) return;
      for (const member of members.list()) {
        const { metadata } = member;
        const cluster = metadata.name ?? '';
        if (namespace === undefined || !propagates(namespace)) await remove(name, cluster);
        else if (metadata.deletionTimestamp === undefined && spaces.get({ name: executionNamespace(cluster) }) !== undefined)
          await ensure(namespaceWork(namespace, member));
      }
    },
  });

  function namespacesIn({ spec }: Work): { name: string }[] {
    return spec.workload.manifests.flatMap(({ kind, metadata: { name = '' } }) => (kind === 'Namespace' ? [{ name }] : []));
  }

  function all(): { name: string }[] {
    return spaces.list().map(({ metadata: { name = '' } }) => ({ name }));
  }
}

function sameMember(a: Cluster, b: Cluster): boolean {
  return a.metadata.deletionTimestamp === b.metadata.deletionTimestamp && marks.keepsOnLeave(a) === marks.keepsOnLeave(b);
}
