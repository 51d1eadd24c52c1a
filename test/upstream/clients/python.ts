/** The Python client, of Debian; what it does is in python/. */
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Part } from './part.ts';

const SCRIPT = join(import.meta.dirname, 'client.py');

interface Outcome {
  name: string;
  /** Null when it holds. */
  reason: string | null;
}

export const python: Part = {
  name: 'python3-kubernetes',
  tools: [],
  whyNot() {
    try {
      execFileSync('/usr/bin/python3', ['-c', 'import kubernetes'], { stdio: 'ignore' });
      return undefined;
    } catch {
      return 'needs the Debian package python3-kubernetes';
    }
  },
  async run({ cluster, holds }) {
    const { stdout } = await promisify(execFile)('/usr/bin/python3', [SCRIPT, cluster.kubeconfig], { timeout: 240_000 });
    for (const { name, reason } of JSON.parse(stdout) as Outcome[])
      await holds(name, async () => {
        if (reason !== null) throw new Error(reason);
      });
  },
};
