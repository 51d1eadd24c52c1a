/** Asks both servers the same and tells where their answers differ. */
import type { Peer } from '../peer.ts';
import type { Case } from './case.ts';
import { NAMESPACE } from './case.ts';
import { normalized, withoutManagedFields } from './normalize.ts';

export interface Difference {
  name: string;
  request: string;
  upstream: string;
  argosy: string;
}

export interface Comparison {
  cases: number;
  requests: number;
  /** At most one a case: the first, and one of managedFields alone only where there is no other. */
  differences: Difference[];
}

const AT_ONCE = 8;

export async function compare(upstream: Peer, argosy: Peer, cases: readonly Case[], progress: (done: number) => void): Promise<Comparison> {
  const result: Comparison = { cases: cases.length, requests: 0, differences: [] };
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < cases.length; index = next++) {
      const one = cases[index];
      if (one === undefined) return;
      const found = await compareCase(upstream, argosy, one, `case-${index}`, result);
      if (found !== undefined) result.differences.push(found);
      if (index % 100 === 0) progress(index);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  result.differences.sort((a, b) => (a.name < b.name ? -1 : 1));
  return result;
}

async function compareCase(upstream: Peer, argosy: Peer, one: Case, namespace: string, counts: Comparison): Promise<Difference | undefined> {
  // Cases that only ask (dry runs) share a namespace: making one costs more than the question.
  const own = one.steps.some((step) => step.method !== undefined && step.method !== 'GET' && !step.path.includes('dryRun=All'));
  const name = own ? namespace : 'default';
  if (own) await Promise.all([upstream, argosy].map((peer) => makeNamespace(peer, name)));
  let unmanaged: Difference | undefined;
  for (const step of one.steps) {
    const body = step.body === undefined ? undefined : JSON.parse(JSON.stringify(step.body).replaceAll(NAMESPACE, name));
    const headers = Object.fromEntries(Object.entries(step.headers ?? {}).map(([header, value]) => [header, value.replaceAll(NAMESPACE, name)]));
    const call = { ...step, headers, path: step.path.replaceAll(NAMESPACE, name), ...(body === undefined ? {} : { body }) };
    const [theirs, ours] = await Promise.all([upstream.call(call), argosy.call(call)]);
    counts.requests++;
    const [a, b] = [normalized(theirs, name), normalized(ours, name)];
    if (a !== b) {
      const text = body === undefined ? '' : ` ${typeof body === 'string' ? body : JSON.stringify(body)}`;
      const difference = { name: one.name, request: `${step.method ?? 'GET'} ${step.path}${text}`, upstream: a, argosy: b };
      if (withoutManagedFields(a) !== withoutManagedFields(b)) return difference;
      // The case goes on, for it may show more than this.
      unmanaged ??= { ...difference, name: `managedFields: ${one.name}` };
    }
  }
  return unmanaged;
}

async function makeNamespace(peer: Peer, name: string): Promise<void> {
  await peer.call({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
  await makeServiceAccount(peer, name);
}

/** Controllers make it elsewhere; neither server runs any here. */
export async function makeServiceAccount(peer: Peer, namespace: string): Promise<void> {
  await peer.call({ method: 'POST', path: `/api/v1/namespaces/${namespace}/serviceaccounts`, body: { metadata: { name: 'default' } } });
}

/** The lines in which two answers differ, as in a unified diff without context. */
export function differingLines({ upstream, argosy }: Difference): string {
  const [a, b] = [upstream.split('\n'), argosy.split('\n')];
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const some = (lines: readonly string[], sign: string): string[] =>
    lines.slice(start, Math.min(lines.length - end, start + 8)).map((line) => `${sign}${line}`);
  return [...some(a, '-'), ...some(b, '+')].join('\n');
}
