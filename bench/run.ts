/**
 * The figures of the README's table: `npm run bench`. Root, Linux; each figure is the median of several runs with its spread.
 * Options: --runs N (default 5), --only up,pod,fifth,scheduler,store,api,bind,load,scaling,fleet (api and bind build upstream's programs the first time, if Go is there)
 */
import { cpus, totalmem, release } from 'node:os';
import { parseArgs } from 'node:util';
import { apiBench } from './api.ts';
import { bindBench } from './bind.ts';
import { fifthPodBench } from './fifth-pod.ts';
import { fleetBench } from './fleet.ts';
import { loadBench } from './load.ts';
import { podStartBench } from './pod-start.ts';
import { scalingBench } from './scaling.ts';
import { schedulerBench } from './scheduler.ts';
import { spread, type Figure } from './spread.ts';
import { storeBench } from './store.ts';
import { upBench } from './up.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' }, only: { type: 'string' } } });
const runs = Number(values.runs);
const benches: Record<string, (runs: number) => Promise<Figure[]>> = {
  up: upBench,
  pod: podStartBench,
  fifth: fifthPodBench,
  scheduler: schedulerBench,
  store: storeBench,
  api: apiBench,
  bind: bindBench,
  load: loadBench,
  scaling: scalingBench,
  fleet: fleetBench,
};
const wanted = values.only?.split(',') ?? Object.keys(benches);

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}, ${runs} runs\n`,
);
for (const name of wanted) {
  const bench = benches[name];
  if (!bench) throw new Error(`--only: no bench '${name}'; there are ${Object.keys(benches).join(', ')}`);
  for (const figure of await bench(runs)) console.log(spread(figure));
}
