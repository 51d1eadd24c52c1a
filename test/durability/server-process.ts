/** The API server as a process that can be killed: `server-process.ts DIR`. Prints `{"port":…,"revision":…}` when it answers; no controller runs. */
import { join } from 'node:path';
import { createEngine } from '../../src/apiserver/index.ts';
import { ensurePki } from '../../src/apiserver/pki/index.ts';
import { startApiServer } from '../../src/apiserver/server.ts';
import { realClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/log.ts';
import { realRandom } from '../../src/runtime/random.ts';

const [dir = ''] = process.argv.slice(2);
const world = { clock: realClock, random: realRandom, log: silentLogger };
const engine = await createEngine({ ...world, dataDir: dir, serviceCidr: '10.200.0.0/16' });
const { revision } = engine;
const pki = ensurePki(join(dir, 'pki'), { ips: ['127.0.0.1'] });
const { port } = await startApiServer({ ...world, engine, pki, host: '127.0.0.1', port: 0, kubeletOf: () => undefined });
process.stdout.write(`${JSON.stringify({ port, revision })}\n`);
