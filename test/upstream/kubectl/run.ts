/** Runs one command of a script for one server, and takes out of what it printed what two servers may choose. */
import { execFile } from 'node:child_process';

/** Where a script runs: its folder and its namespace on one server. */
export interface Place {
  cwd: string;
  /** Has this version's kubectl. */
  bin: string;
  kubeconfig: string;
  namespace: string;
  server: string;
}

export interface Printed {
  code: number;
  stdout: string;
  stderr: string;
}

const TIMEOUT_MS = 60_000;

export function runIn({ cwd, bin, kubeconfig, namespace, server }: Place, command: string): Promise<Printed> {
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: cwd, KUBECONFIG: kubeconfig, NS: namespace, SERVER: server, LANG: 'C.UTF-8', TZ: 'UTC' };
  return new Promise((resolve) => {
    const child = execFile('bash', ['-c', command], { cwd, env, timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

const HASH = '[bcdfghjklmnpqrstvwxz2456789]{6,10}';
const RANDOM = '[bcdfghjklmnpqrstvwxz2456789]{5}';

const CHOSEN: readonly [RegExp, string][] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| \+0000(?: UTC)?)?/g, '<time>'],
  [/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000/g, '<time>'],
  [/\b\d+y?\d*[dhms](?:\d+[hms])?(?= |$|\n)/g, '<age>'],
  [/\b10\.0\.0\.\d+\b/g, '<address>'],
  [/(resourceVersion"?: ?"?)\d+/g, '$1<revision>'],
  [/(odePort"?: *|NodePort: +\S* +|:)3\d{4}\b/g, '$1<port>'],
  [/\b(127\.0\.0\.1|localhost):\d+/g, '<server>'],
  [new RegExp(`\\b(web|my-web|db|agent|once|old|made|from|nightly|kube-api-access|generated)((?:-[0-9a-f]{6,10})?)-${RANDOM}\\b`, 'g'), '$1$2-<random>'],
  // Of a pod template in Go's form of it, which has fields that ours has not.
  [new RegExp(`\\b(web|my-web|made|agent|db)-${HASH}\\b`, 'g'), '$1-<hash>'],
  [new RegExp(`(pod-template-hash(?:=|: "?))${HASH}`, 'g'), '$1<hash>'],
  // Whether a deployment made anew under its name meets the replica set of the old one is chance.
  [/^ *(?:f:)?collisionCount: .*\n/gm, ''],
  [/\bX509SHA256=[0-9a-f]{64}\b/g, 'X509SHA256=<certificate>'],
  [/(Resource Version: +)\d+/g, '$1<revision>'],
  [/("serverAddress":")[^"]*/g, '$1<address>'],
  [/(manager: )(argosy|kube-controller-manager)$/gm, '$1<controllers>'],
  [/\b(?:upstream|argosy)\b/g, '<cluster>'],
  [/\b[IEWF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ /g, '<logged> '],
  [/\/tmp\/[\w./-]+/g, '<path>'],
  [/(LIVE|MERGED)-\d+/g, '$1-<number>'],
];

/** Text that is the same for answers that mean the same: widths of columns follow the values in them, which differ. */
export function normalized({ code, stdout, stderr }: Printed, { namespace, server, cwd }: Place): string {
  let text = `${stdout}\n--- stderr\n${stderr}\n--- exit ${code}`.replaceAll(cwd, '<here>').replaceAll(server, '<server>').replaceAll(namespace, 'NAMESPACE');
  for (const [pattern, replacement] of CHOSEN) text = text.replace(pattern, replacement);
  return text
    .split('\n')
    .map((line) =>
      line
        .trimEnd()
        .replace(/(\S) {2,}/g, '$1  ')
        .replace(/(\S)\t+ */g, '$1  '),
    )
    .join('\n');
}
