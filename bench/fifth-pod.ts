/** The capacity experiment's figure: from `kubectl scale` to the fifth pod Ready, with and without a placeholder. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from '../src/cli/demo/fifth-pod-series.ts';
import { ROOT } from '../test/e2e/cluster.ts';
import type { Figure } from './spread.ts';

const BOOT_DELAY = '15s';

export async function fifthPodBench(runs: number): Promise<Figure[]> {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-fifth-'));
  const values: Record<string, number[]> = {};
  try {
    for (let run = 0; run < runs; run++) {
      const output = execFileSync(
        join(ROOT, 'bin/argosy'),
        ['demo', '--name', 'bench-fifth', '--boot-delay', BOOT_DELAY, '--json', '--delete', '--report', join(dir, 'report.html')],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      );
      for (const { title, fifthReadySeconds } of (JSON.parse(output) as { runs: Run[] }).runs) (values[title] ??= []).push(fifthReadySeconds);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return Object.entries(values).map(([title, seconds]) => ({ name: `fifth pod Ready, ${title}, nodes boot in ${BOOT_DELAY}`, unit: 's', values: seconds }));
}
