/** Programs that were written against Kubernetes, on a cluster of Argosy's. */
import { rm } from 'node:fs/promises';
import { tool, whyNoTools } from '../../../scripts/upstream/tools.ts';
import { Cluster, whyNot } from '../../e2e/cluster.ts';
import type { Suite } from '../suite.ts';
import { helm, helm4 } from './helm.ts';
import type { Part } from './part.ts';
import { javascript } from './javascript.ts';
import { kubetail } from './kubetail.ts';
import { patroni } from './patroni.ts';
import { prometheus } from './prometheus.ts';
import { python } from './python.ts';

const PARTS: readonly Part[] = [helm, helm4, python, javascript, kubetail, patroni, prometheus];

export const clients: Suite = {
  name: 'clients',
  title: 'Programs written against Kubernetes, on Argosy',
  tools: [],
  whyNot,
  async run({ dir, filter, log: say }) {
    const cluster = new Cluster('upstream-clients', '--nodes', '1..1', '--boot-delay', '1s');
    const details: string[] = [];
    let [passed, failed] = [0, 0];
    const chosen = PARTS.filter(({ name }) => name.includes(filter));
    try {
      await cluster.up();
      for (const { name: program, tools, whyNot: cannot, run } of chosen) {
        const reason = whyNoTools(tools) ?? cannot?.();
        if (reason !== undefined) {
          details.push(`- ${program}: not run: ${reason}`);
          say(details.at(-1) ?? '');
          continue;
        }
        for (const name of tools) await tool(name);
        const holds = async (name: string, check: () => Promise<void>): Promise<void> => {
          const outcome = await check().then(
            () => undefined,
            (error: unknown) => (error instanceof Error ? error.message : String(error)),
          );
          if (outcome === undefined) passed++;
          else failed++;
          details.push(`- ${program}: ${name}: ${outcome === undefined ? 'holds' : `fails: ${outcome.trim().replaceAll(/\s*\n\s*/g, ' | ')}`}`);
          say(details.at(-1) ?? '');
        };
        await run({ cluster, holds });
      }
    } finally {
      await cluster.delete();
      await rm(dir, { recursive: true, force: true });
    }
    return { summary: `${passed + failed} cases of ${chosen.length} programs: ${passed} hold, ${failed} fail`, details, failed };
  },
};
