/** Measures how long nodes take from being asked for to being ready. */
import { nodes } from '../../kube/resources.ts';
import type { CloudProvider } from '../../cloud/provider.ts';
import type { ControllerContext } from '../../runtime/controller.ts';
import type { AutoscalerMeasures } from './measures.ts';
import { isReady } from './pools.ts';

/** Answers how to stop. Nodes older than this start tell nothing: when they became ready was not seen. */
export function measureBoots(ctx: ControllerContext, provider: CloudProvider, measures: Pick<AutoscalerMeasures, 'booted'>): () => void {
  const startedAt = ctx.clock.now();
  const known = new Set<string>();

  async function booted(nodeName: string, at: number): Promise<void> {
    for (const pool of provider.pools()) {
      const instance = (await provider.instances(pool.name)).find((each) => each.nodeName === nodeName);
      if (instance !== undefined && instance.requestedAt >= startedAt) measures.booted(pool.name, at - instance.requestedAt);
    }
  }

  return ctx.informer(nodes).onChange({
    upsert(node) {
      const { name = '' } = node.metadata;
      if (known.has(name) || !isReady(node)) return;
      known.add(name);
      void booted(name, ctx.clock.now()).catch((error: unknown) => ctx.log.debug('a boot was not measured', { node: name, error: String(error) }));
    },
    delete: (node) => known.delete(node.metadata.name ?? ''),
  });
}
