/**
 * The API from outside, the same work for kube-apiserver with etcd and for Argosy, one after the other: `npm run bench -- --only api`.
 * Each write is on disk before it is answered, in both. By itself: `node bench/api.ts [--objects 3000] [--in-flight 32] [--watchers 20]`.
 */
import { parseArgs } from 'node:util';
import { startArgosy, startUpstream, type Peer } from '../test/upstream/peer.ts';
import { BenchClient, rate } from './api-client.ts';
import { besideUpstream, type Measured } from './beside-upstream.ts';
import { spread, type Figure } from './spread.ts';

interface Load {
  /** ConfigMaps of 1 kB. */
  objects: number;
  /** Requests under way at any moment, each on a connection of its own. */
  inFlight: number;
  watchers: number;
}

const LOAD: Load = { objects: 3_000, inFlight: 32, watchers: 20 };
const NAMESPACE = '/api/v1/namespaces/bench';
const LISTS = 20;
const COLLECTION = `${NAMESPACE}/configmaps`;

export const apiBench = (runs: number, load: Load = LOAD): Promise<Figure[]> =>
  besideUpstream(runs, { tools: ['etcd', 'kube-apiserver'], upstream: startUpstream, argosy: startArgosy }, (peer) => measure(peer, load));

async function measure(peer: Peer, { objects, inFlight, watchers }: Load): Promise<Measured[]> {
  const client = new BenchClient(peer, inFlight + watchers + 1);
  const all: Measured[] = [
    { name: 'start to /readyz', unit: 's', value: peer.readyMs / 1000 },
    { name: 'memory idle', unit: 'MB', value: resident(peer) },
  ];
  const rated = async (name: string, work: (i: number) => Promise<unknown>): Promise<void> => {
    const { perSecond, p99Ms } = await rate(objects, inFlight, work);
    all.push({ name, unit: '/s', value: perSecond }, { name: `${name} p99`, unit: 'ms', value: p99Ms });
  };
  await client.send('POST', '/api/v1/namespaces', { metadata: { name: 'bench' } });
  await rated('create', (i) => client.send('POST', COLLECTION, configMap(`cold-${i}`, 'x')));
  await rated('create warm', (i) => client.send('POST', COLLECTION, configMap(`warm-${i}`, 'x')));
  await rated('get', (i) => client.send('GET', `${COLLECTION}/cold-${i}`));
  await rated('update', (i) => client.send('PUT', `${COLLECTION}/cold-${i}`, configMap(`cold-${i}`, 'y')));
  const lists: number[] = [];
  for (let i = 0; i < LISTS; i++) {
    const startedAt = performance.now();
    await client.send('GET', COLLECTION);
    lists.push(performance.now() - startedAt);
  }
  all.push({ name: `list of ${2 * objects}, first`, unit: 'ms', value: lists[0] ?? 0 });
  all.push({ name: `list of ${2 * objects}, median of ${LISTS}`, unit: 'ms', value: lists.toSorted((x, y) => x - y)[LISTS >> 1] ?? 0 });
  const { metadata } = JSON.parse(await client.send('GET', `${COLLECTION}?limit=1`)) as { metadata: { resourceVersion: string } };
  const seen = await Promise.all(
    Array.from({ length: watchers }, () => client.watchLines(`${COLLECTION}?watch=1&resourceVersion=${metadata.resourceVersion}`, objects)),
  );
  const watchedAt = performance.now();
  await rate(objects, inFlight, (i) => client.send('PUT', `${COLLECTION}/cold-${i}`, configMap(`cold-${i}`, 'z')));
  await Promise.all(seen.map(({ done }) => done));
  all.push({ name: 'watch events', unit: '/s', value: (watchers * objects * 1000) / (performance.now() - watchedAt) });
  all.push({ name: 'memory after', unit: 'MB', value: resident(peer) });
  client.close();
  return all;
}

function configMap(name: string, fill: string) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { app: 'bench' } }, data: { payload: fill.repeat(1000) } };
}

const resident = (peer: Peer): number => Object.values(peer.memory()).reduce((sum, bytes) => sum + bytes, 0) / 2 ** 20;

if (import.meta.main) {
  const option = (fallback: number) => ({ type: 'string', default: String(fallback) }) as const;
  const { values } = parseArgs({
    options: { runs: option(2), objects: option(LOAD.objects), 'in-flight': option(LOAD.inFlight), watchers: option(LOAD.watchers) },
  });
  const load = { objects: Number(values.objects), inFlight: Number(values['in-flight']), watchers: Number(values.watchers) };
  for (const figure of await apiBench(Number(values.runs), load)) console.log(spread(figure));
}
