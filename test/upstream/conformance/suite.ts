/** Upstream's conformance tests before a real cluster of ours; those that need no image of a registry. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Cluster, whyNot } from '../../e2e/cluster.ts';
import type { Suite } from '../suite.ts';
import { conformanceTests, runTest, type Outcome } from './program.ts';
import { runsHere } from './scope.ts';

/** Tests at once: they wait more than they work. */
const AT_ONCE = 3;

export const conformance: Suite = {
  name: 'conformance',
  title: "Upstream's conformance tests before an Argosy cluster",
  tools: ['e2e.test'],
  whyNot,
  async run({ dir, filter, log }) {
    const cluster = new Cluster('conformance', '--nodes', '2', '--boot-delay', '1s');
    try {
      await cluster.up();
      const all = await conformanceTests(dir, cluster.kubeconfig);
      if (all.length === 0) throw new Error('e2e.test lists no conformance tests');
      const here = all.filter((name) => runsHere(name) && name.includes(filter));
      // Tests that change what all others see wait until these are done.
      const outcomes = new Map<string, Outcome>();
      const serial = here.filter((name) => name.includes('[Serial]'));
      const parallel = here.filter((name) => !name.includes('[Serial]'));
      const work = async (names: string[]): Promise<void> => {
        for (let name = names.shift(); name !== undefined; name = names.shift()) {
          const outcome = await runTest(mkdtempSync(join(dir, 'test-')), cluster.kubeconfig, name);
          outcomes.set(name, outcome);
          log(`${outcomes.size}/${here.length} ${outcome.passed ? 'pass' : `FAIL (${outcome.message})`} ${name}`);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, () => work(parallel)));
      await work(serial);
      return report(outcomes, all);
    } finally {
      await cluster.delete();
      await rm(dir, { recursive: true, force: true });
    }
  },
};

function report(outcomes: ReadonlyMap<string, Outcome>, all: readonly string[]) {
  const failed = [...outcomes].filter(([, { passed }]) => !passed);
  const passed = [...outcomes].filter(([, outcome]) => outcome.passed);
  const notYet = all.filter((name) => !runsHere(name));
  return {
    summary: `${outcomes.size} of ${all.length} conformance tests ran: ${passed.length} pass, ${failed.length} fail; ${notYet.length} not yet, as they start pods of images from a registry or are not sorted`,
    details: [
      ...section(
        'Fail',
        failed.map(([name, { message }]) => `${name}: ${message}`),
      ),
      ...section(
        'Pass',
        passed.map(([name]) => name),
      ),
      ...section('Not yet', notYet),
    ],
    failed: failed.length,
  };
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, '', ...lines.toSorted().map((line) => `- ${line}`)];
}
