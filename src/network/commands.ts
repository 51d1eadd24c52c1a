/** Runs ip, nft and nsenter. Each costs 3–6 ms, mostly the fork: put as much as possible into one. */
import { spawn } from 'node:child_process';

const TIMEOUT_MS = 20_000;

/** Answers stdout; throws with the command's own words when it fails. */
export function run(command: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => {
      // It ended without reading: the exit code tells why.
    });
    child.stdin.end(input);
    child.on('error', (error) => reject(new Error(`${command}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')}: ${stderr.trim() || `ended with ${code ?? signal}`}`));
    });
  });
}

/** Runs `ip` with one command a line, in the host's namespace or another; stops at the first that fails. */
export async function ip(lines: readonly string[], namespace?: string): Promise<void> {
  await run('ip', [...(namespace === undefined ? [] : ['-n', namespace]), '-batch', '-'], batch(lines));
}

/** What `ip -batch -` reads. */
export function batch(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

export interface Link {
  ifname: string;
  ifalias?: string;
}

/** The network devices of the host or of a namespace. */
export async function links(namespace?: string): Promise<Link[]> {
  const text = await run('ip', [...(namespace === undefined ? [] : ['-n', namespace]), '-j', 'link', 'show']);
  return JSON.parse(text || '[]') as Link[];
}
