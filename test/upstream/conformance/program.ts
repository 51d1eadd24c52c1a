/** Upstream's e2e.test, one process a test: a test that hangs or panics takes no other with it. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOOLS_DIR } from '../../../scripts/upstream/tools.ts';

/** Upstream waits five minutes for most things; a test that is not done by then will not be. */
const TIMEOUT_MS = 360_000;
/** Waits until a continue token has expired: two rounds of etcd's compaction. */
const SLOW = /API chunking .* has been compacted away/;
const SLOW_TIMEOUT_MS = 720_000;

interface Spec {
  ContainerHierarchyTexts: readonly string[] | null;
  LeafNodeText: string;
  State: string;
  Failure?: { Message: string };
}

export interface Outcome {
  passed: boolean;
  /** The first line of what failed; empty when it passed. */
  message: string;
}

async function specs(dir: string, kubeconfig: string, args: readonly string[], timeout = TIMEOUT_MS): Promise<readonly Spec[]> {
  const cwd = mkdtempSync(join(dir, 'run-'));
  const common = ['--provider=skeleton', `--kubeconfig=${kubeconfig}`, '--disable-log-dump', '--ginkgo.no-color', '--ginkgo.label-filter=Conformance'];
  const ended = await new Promise<string>((resolve) => {
    const options = { cwd, env: { ...process.env, KUBECONFIG: kubeconfig }, timeout, killSignal: 'SIGKILL', maxBuffer: 256 << 20 } as const;
    const child = execFile(join(TOOLS_DIR, 'e2e.test'), [...common, '--ginkgo.json-report=report.json', ...args], options, (error) =>
      resolve(error === null ? 'ended' : error.killed === true ? `was not done after ${timeout / 1000} s` : `ended with code ${error.code ?? error.signal}`),
    );
    const kill = (): boolean => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
  });
  const report = join(cwd, 'report.json');
  if (!existsSync(report)) throw new Error(`${ended} without a report`);
  const [suite] = JSON.parse(readFileSync(report, 'utf8')) as { SpecReports: readonly Spec[] }[];
  return (suite?.SpecReports ?? []).filter(({ LeafNodeText, State }) => LeafNodeText !== '' && State !== 'skipped');
}

const nameOf = ({ ContainerHierarchyTexts, LeafNodeText }: Spec): string => [...(ContainerHierarchyTexts ?? []), LeafNodeText].join(' ');

/** The names of all conformance tests, sorted. */
export async function conformanceTests(dir: string, kubeconfig: string): Promise<string[]> {
  return (await specs(dir, kubeconfig, ['--ginkgo.dry-run'])).map(nameOf).toSorted();
}

export async function runTest(dir: string, kubeconfig: string, name: string): Promise<Outcome> {
  const focus = `${name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`;
  try {
    const spec = (await specs(dir, kubeconfig, [`--ginkgo.focus=${focus}`], SLOW.test(name) ? SLOW_TIMEOUT_MS : TIMEOUT_MS)).find(
      (one) => nameOf(one) === name,
    );
    if (spec === undefined) return { passed: false, message: 'did not run' };
    return { passed: spec.State === 'passed', message: spec.Failure?.Message.split('\n')[0] ?? '' };
  } catch (error) {
    return { passed: false, message: (error as Error).message };
  }
}
