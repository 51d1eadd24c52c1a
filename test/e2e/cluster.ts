/** A cluster for end-to-end tests: the real command line, real kubectl, real containers. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const ROOT = join(import.meta.dirname, '../..');
const ARGOSY = join(ROOT, 'bin/argosy');
/** In the names of its clusters: tests of two checkouts may run at once, and each finds what it left itself. */
const CHECKOUT = createHash('sha256').update(ROOT).digest('hex').slice(0, 6);
/** Those that were started and not deleted. */
const running = new Set<Cluster>();

/** For a program that is told to stop: nothing of its clusters stays. */
export async function deleteRunning(): Promise<void> {
  await Promise.all([...running].map((cluster) => cluster.delete()));
}

export interface Output {
  stdout: string;
  stderr: string;
  code: number;
}

/** Why end-to-end tests cannot run here, or undefined when they can. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs Linux and root';
  for (const program of ['runc', 'conmon', 'nft', 'ip', 'kubectl']) {
    const why = whyNoProgram(program);
    if (why !== undefined) return why;
  }
  return undefined;
}

export function whyNoProgram(program: string): string | undefined {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `needs ${program}`;
  }
}

async function capture(file: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv; timeoutMs?: number; input?: string } = {}): Promise<Output> {
  const child = run(file, [...args], { env: options.env ?? process.env, timeout: options.timeoutMs ?? 120_000, maxBuffer: 64 << 20 });
  if (options.input !== undefined) child.child.stdin?.end(options.input);
  try {
    const { stdout, stderr } = await child;
    return { stdout, stderr, code: 0 };
  } catch (error) {
    const failed = error as { stdout?: string; stderr?: string; code?: number | string; message: string };
    return { stdout: failed.stdout ?? '', stderr: failed.stderr || failed.message, code: typeof failed.code === 'number' ? failed.code : 1 };
  }
}

export class Cluster {
  readonly name: string;
  readonly dataDir: string;
  readonly upOptions: readonly string[];

  constructor(name: string, ...upOptions: string[]) {
    this.name = `${name}-${CHECKOUT}`;
    this.dataDir = mkdtempSync(join(tmpdir(), `argosy-${name}-`));
    this.upOptions = upOptions;
  }

  get kubeconfig(): string {
    return join(this.dataDir, 'kubeconfig');
  }

  /** Runs `argosy COMMAND` for this cluster; a command of two words is written with a blank. */
  argosy(command: string, ...args: string[]): Promise<Output> {
    return capture(ARGOSY, [...command.split(' '), '--name', this.name, '--data', this.dataDir, ...args]);
  }

  #isFirst = true;

  async up(): Promise<void> {
    // A run that was killed may have left a cluster of this name, with data elsewhere.
    if (this.#isFirst) await capture(ARGOSY, ['delete', '--name', this.name]);
    this.#isFirst = false;
    running.add(this);
    const output = await this.argosy('up', ...this.upOptions);
    if (output.code !== 0) throw new Error(`argosy up failed: ${output.stdout}${output.stderr}${this.log()}`);
  }

  async delete(): Promise<void> {
    await this.argosy('delete');
    running.delete(this);
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  log(): string {
    try {
      return readFileSync(join(this.dataDir, 'logs/cluster.log'), 'utf8').split('\n').slice(-40).join('\n');
    } catch {
      return '';
    }
  }

  private get env(): NodeJS.ProcessEnv {
    return { ...process.env, KUBECONFIG: this.kubeconfig, KUBECACHEDIR: join(this.dataDir, 'kubectl-cache') };
  }

  /** Runs kubectl; never throws: look at `code`. */
  kubectlRaw(args: readonly string[], options: { input?: string; timeoutMs?: number } = {}): Promise<Output> {
    return capture('kubectl', args, { env: this.env, ...options });
  }

  /** Runs kubectl and answers what it prints; throws with its words when it fails. */
  async kubectl(...args: string[]): Promise<string> {
    const output = await this.kubectlRaw(args);
    if (output.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${output.stderr}${output.stdout}`);
    return output.stdout;
  }

  async apply(manifest: string): Promise<string> {
    const output = await this.kubectlRaw(['apply', '-f', '-'], { input: manifest });
    if (output.code !== 0) throw new Error(`kubectl apply: ${output.stderr}`);
    return output.stdout;
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.kubectl(...args, '-o', 'json')) as T;
  }

  /** Runs a shell command with a terminal of its own; answers what the terminal showed. */
  async inTerminal(command: string): Promise<string> {
    const { stdout } = await capture('script', ['-qec', command, '/dev/null'], { env: this.env });
    return stdout;
  }

  /** Starts kubectl and leaves it running. */
  kubectlStart(...args: string[]): ChildProcess {
    return spawn('kubectl', args, { env: this.env, stdio: ['pipe', 'pipe', 'pipe'] });
  }
}

/** Asks until the answer is truthy; throws with the last answer's reason after `seconds`. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined | false>, seconds = 60): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  let reason = '';
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      reason = String(error);
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s. ${reason}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What a cluster of this name has left on the machine: namespaces, links, mounts, processes. */
export function leftovers(name: string, dataDir: string): string[] {
  const found: string[] = [];
  const collect = (what: string, command: string, wanted: (line: string) => boolean): void => {
    const lines = execFileSync('sh', ['-c', command], { encoding: 'utf8' }).split('\n');
    found.push(...lines.filter(wanted).map((line) => `${what}: ${line.trim()}`));
  };
  collect('namespace', 'ip netns list', (line) => line === `argosy.${name}` || line.startsWith(`argosy.${name} `) || line.startsWith(`argosy.${name}.`));
  collect('mount', 'cat /proc/mounts', (line) => line.includes(dataDir) || line.includes(`/argosy.${name}`));
  collect('process', 'ps -eo pid,args', (line) => line.includes(dataDir) && !line.includes('ps -eo'));
  collect('cgroup', 'find /sys/fs/cgroup -maxdepth 4 -type d -path "*argosy*" 2>/dev/null || true', (line) => line.endsWith(`/argosy/${name}`));
  return found;
}
