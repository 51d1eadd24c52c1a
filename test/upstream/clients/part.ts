/** One program that nobody here wrote, and what it does with our API. */
import type { Tool } from '../../../scripts/upstream/tools.ts';
import type { Cluster } from '../../e2e/cluster.ts';

export interface PartRun {
  /** A running cluster, whose nodes run containers. */
  cluster: Cluster;
  /** A case passes when `check` resolves; what it rejects with is the reason in the report. Later cases go on. */
  holds(name: string, check: () => Promise<void>): Promise<void>;
}

export interface Part {
  name: string;
  tools: readonly Tool[];
  /** Why it cannot run here. */
  whyNot?(): string | undefined;
  run(run: PartRun): Promise<void>;
}
