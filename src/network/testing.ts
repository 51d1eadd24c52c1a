/** What tests with real namespaces share. */
import { execFileSync } from 'node:child_process';

/** Why they cannot run here, or false when they can. */
export function whyNot(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    execFileSync('sh', ['-c', 'command -v ip && command -v nft && command -v nsenter'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'needs ip, nft and nsenter';
  }
}
