/** Streams into containers: exec, attach, and TCP connections into a pod's network. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Duplex, PassThrough, Writable } from 'node:stream';
import type { ExecOptions, ExecSession } from '../../runtime/kubelet.ts';
import { lastWords } from './commands.ts';
import type { ContainerRuntime } from './runtime.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** conmon's attach socket is of a kind (SOCK_SEQPACKET) that Node.js cannot open; perl is on every Debian. Each packet begins with the stream's number. */
const ATTACH_RELAY = `
use Socket; use IO::Select;
chdir $ARGV[0] or die "cannot enter: $!";
socket(my $s, PF_UNIX, SOCK_SEQPACKET, 0) or die "socket: $!";
connect($s, sockaddr_un("attach")) or die "connect: $!";
my $watch = IO::Select->new($s); $watch->add(\\*STDIN) if $ARGV[1];
while (1) { for my $h ($watch->can_read) {
  my $buffer = "";
  if (fileno($h) == fileno($s)) {
    defined recv($s, $buffer, 65536, 0) or exit 0; length $buffer or exit 0;
    my $to = ord($buffer) == 3 ? *STDERR : *STDOUT; syswrite($to, substr($buffer, 1)) or exit 0;
  } else {
    my $n = sysread(STDIN, $buffer, 8192);
    if ($n) { send($s, $buffer, 0) or exit 0 } else { $watch->remove(\\*STDIN); shutdown($s, 1) }
  }
} }`;

/** Standard input and output to a TCP port, for ports that only answer on the pod's loopback. */
const TCP_RELAY = `
use Socket; use IO::Select;
socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
connect($s, sockaddr_in($ARGV[0], inet_aton("127.0.0.1"))) or die "connect: $!\\n";
syswrite(STDERR, "connected\\n");
my $watch = IO::Select->new($s, \\*STDIN);
while (1) { for my $h ($watch->can_read) {
  my ($from, $to) = fileno($h) == fileno($s) ? ($s, *STDOUT) : (*STDIN, $s);
  my $n = sysread($from, my $buffer, 65536);
  if (!$n) { exit 0 if fileno($h) == fileno($s); $watch->remove(\\*STDIN); shutdown($s, 1); next }
  my $done = 0;
  while ($done < $n) { my $w = syswrite($to, $buffer, $n - $done, $done); exit 0 unless $w; $done += $w }
} }`;

/** Tells the pid files of commands in one container apart. */
let sessions = 0;

/** Runs a command in a running container. */
export async function execIn(runtime: ContainerRuntime, id: string, options: ExecOptions): Promise<ExecSession> {
  const files = join(runtime.bundle(id), `exec-${process.pid}-${++sessions}`);
  const [pidFile, logFile] = [`${files}.pid`, `${files}.log`];
  const args = [
    '--root',
    runtime.root,
    '--log',
    logFile,
    'exec',
    '--pid-file',
    pidFile,
    ...(options.tty ? ['--tty', '--env', 'TERM=xterm'] : []),
    id,
    ...options.command,
  ];
  const kill = () => {
    try {
      process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    } catch {
      // Not started yet, or ended.
    }
  };
  const session = options.tty ? await terminalSession('runc', args, kill) : pipeSession(spawn('runc', args, { stdio: 'pipe' }), options, kill);
  const exit = session.exit
    .then(({ exitCode }) => {
      // Without a process the exit code is runc's own.
      if (exitCode !== 0 && !existsSync(pidFile))
        throw new Error(`failed to exec in container: failed to start exec "${id}": OCI runtime exec failed: ${reasonIn(logFile)}: unknown`);
      return { exitCode };
    })
    .finally(() => {
      rmSync(pidFile, { force: true });
      rmSync(logFile, { force: true });
    });
  exit.catch(() => undefined);
  return { ...session, exit };
}

function reasonIn(logFile: string): string {
  try {
    return lastWords(readFileSync(logFile, 'utf8')) || 'no reason given';
  } catch {
    return 'the container is gone';
  }
}

/** Joins the streams of the container's own process. */
export function attachTo(runtime: ContainerRuntime, id: string, options: Omit<ExecOptions, 'command'>): ExecSession {
  const child = spawn('perl', ['-e', ATTACH_RELAY, runtime.bundle(id), options.stdin ? '1' : ''], { stdio: 'pipe' });
  const session = pipeSession(child, options, () => child.kill('SIGKILL'));
  return { ...session, resize: (columns, rows) => runtime.resize(id, columns, rows) };
}

function pipeSession(child: ChildProcess, options: Omit<ExecOptions, 'command'>, kill: () => void): ExecSession {
  const exit = new Promise<{ exitCode: number }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? 137 }));
  });
  exit.catch(() => undefined);
  // A command may end without reading all its input.
  child.stdin?.on('error', () => undefined);
  if (!options.stdin) child.stdin?.end();
  if (!options.stdout) child.stdout?.resume();
  if (!options.stderr) child.stderr?.resume();
  return {
    stdin: options.stdin ? child.stdin : null,
    stdout: options.stdout ? child.stdout : null,
    stderr: options.stderr ? child.stderr : null,
    resize() {},
    exit,
    kill() {
      kill();
      child.kill('SIGTERM');
    },
  };
}

async function terminalSession(command: string, args: string[], kill: () => void): Promise<ExecSession> {
  // Only terminals need the native module, so it is loaded with the first of them.
  const pty = await import('@lydell/node-pty');
  const terminal = pty.spawn(command, args, { name: 'xterm', cols: 80, rows: 24, encoding: null });
  const stdout = new PassThrough();
  terminal.onData((chunk: string | Buffer) => void stdout.write(chunk));
  const exit = new Promise<{ exitCode: number }>((resolve) => {
    terminal.onExit(({ exitCode }) => {
      stdout.end();
      resolve({ exitCode });
    });
  });
  const stdin = new Writable({
    write(chunk: Buffer, _encoding, done) {
      // The declaration knows only strings; the module writes bytes as they are.
      terminal.write(chunk as unknown as string);
      done();
    },
    // A terminal has no end of input but the character for it.
    final(done) {
      terminal.write('\x04');
      done();
    },
  });
  return {
    stdin,
    stdout,
    stderr: null,
    resize: (columns, rows) => terminal.resize(Math.max(1, columns), Math.max(1, rows)),
    exit,
    kill() {
      kill();
      terminal.kill();
    },
  };
}

/** A connection to a port of a pod: at its address, or where that is refused, on its loopback inside `networkNamespace`. */
export async function dialPod(address: string, port: number, networkNamespace: string | undefined): Promise<Duplex> {
  try {
    return await dial(address, port);
  } catch (error) {
    if (networkNamespace === undefined) throw error;
    return dialLoopback(port, networkNamespace);
  }
}

function dial(host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, timeout: CONNECT_TIMEOUT_MS, allowHalfOpen: true });
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('timeout', () => socket.destroy(new Error(`no answer from ${host}:${port}`)));
    socket.once('error', reject);
  });
}

function dialLoopback(port: number, networkNamespace: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', [`--net=${networkNamespace}`, 'perl', '-e', TCP_RELAY, String(port)], { stdio: 'pipe' });
    let said = '';
    child.on('error', reject);
    child.on('close', () => reject(new Error(`connection to 127.0.0.1:${port} in the pod failed: ${said.trim()}`)));
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.startsWith('connected')) return;
      const duplex = Duplex.from({ readable: child.stdout, writable: child.stdin } as unknown as Iterable<never>);
      duplex.on('close', () => child.kill());
      resolve(duplex);
    });
  });
}
