/** The same questions to upstream's API server and ours. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Suite } from '../suite.ts';
import { startArgosy, startUpstream } from '../peer.ts';
import { classCases } from './classes.ts';
import { compare, differingLines, makeServiceAccount, type Comparison, type Difference } from './compare.ts';
import { generatedCases } from './generated.ts';
import { reasonFor } from './known.ts';
import { policyCases } from './policies.ts';
import { defineRatchetedKind, ratchetingCases } from './ratcheting.ts';
import { runtimeClassCases } from './runtime-classes.ts';
import { defineRuledKinds, ruleCases } from './rules.ts';
import { sequenceCases } from './sequences.ts';
import { WRITTEN } from './written.ts';

export const differential: Suite = {
  name: 'differential',
  title: 'The same requests to kube-apiserver and Argosy',
  tools: ['etcd', 'kube-apiserver'],
  async run({ dir, filter, log }) {
    const [upstream, argosy] = await Promise.all([startUpstream(join(dir, 'upstream')), startArgosy(join(dir, 'argosy'))]);
    try {
      await Promise.all([upstream, argosy].map((peer) => makeServiceAccount(peer, 'default')));
      await defineRuledKinds([upstream, argosy]);
      await defineRatchetedKind([upstream, argosy]);
      const cases = [
        ...WRITTEN,
        ...sequenceCases(),
        ...ruleCases(),
        ...ratchetingCases(),
        ...policyCases(),
        ...runtimeClassCases(),
        ...classCases(),
        ...generatedCases(),
      ].filter(({ name }) => name.includes(filter));
      const result = await compare(upstream, argosy, cases, (done) => log(`${done} of ${cases.length} cases`));
      for (const difference of result.differences.filter((found) => reasonFor(found) === undefined))
        log(`${difference.name}\n  ${difference.request}\n${differingLines(difference)}`);
      return report(result);
    } finally {
      await Promise.all([upstream.stop(), argosy.stop()]);
      await rm(dir, { recursive: true, force: true });
    }
  },
};

function report({ cases, requests, differences }: Comparison) {
  const open = differences.filter((difference) => reasonFor(difference) === undefined);
  const meant = Map.groupBy(differences, (difference) => reasonFor(difference) ?? '');
  meant.delete('');
  const byKind = Map.groupBy(open, ({ name }) => name.split(':')[0] ?? name);
  return {
    summary: `${cases} cases, ${requests} requests: ${cases - differences.length} cases equal, ${differences.length - open.length} differ for a reason, ${open.length} differ and should not`,
    details: [
      ...[...meant].map(([reason, all]) => `- ${all.length} differ: ${reason}`),
      ...(open.length === 0 ? [] : ['', 'Still to be mended, by kind:', '', '| kind | cases | for example |', '| --- | --- | --- |']),
      ...[...byKind].toSorted(([, a], [, b]) => b.length - a.length).map(([kind, all]) => `| ${cell(kind)} | ${all.length} | ${cell(example(all))} |`),
    ],
    failed: open.length,
  };
}

function example(differences: readonly Difference[]): string {
  return differences[0]?.name.replace(/^[^:]*: /, '') ?? '';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 100);
}
