/** Our API alone as a process, durable: `argosy-api.ts DIR PORT SERVICE_CIDR [--scheduler]`. Custom resources work; no other controller runs. */
import { join } from 'node:path';
import { aggregationController } from '../../src/apiserver/aggregation/controller.ts';
import { customResourceController, loadCustomResources } from '../../src/apiserver/crd/controller.ts';
import { createEngine, inProcessClient } from '../../src/apiserver/index.ts';
import { ensurePki } from '../../src/apiserver/pki/index.ts';
import { startApiServer } from '../../src/apiserver/server.ts';
import { realClock } from '../../src/runtime/clock.ts';
import { controllerContext, runControllers } from '../../src/runtime/context.ts';
import { silentLogger as log } from '../../src/runtime/log.ts';
import { realRandom as random } from '../../src/runtime/random.ts';
import { schedulerController } from '../../src/scheduler/index.ts';

const [dir = '', port = '', serviceCidr = '', ...flags] = process.argv.slice(2);
const world = { clock: realClock, random, log };
const pki = ensurePki(join(dir, 'pki'), { ips: ['127.0.0.1'] });
const engine = await createEngine({ ...world, dataDir: dir, serviceCidr, kubernetesEndpoint: { ip: '192.0.2.2', port: Number(port) } });
await loadCustomResources(engine);
const context = controllerContext({ client: inProcessClient(engine, { name: 'system:apiserver', groups: ['system:masters'] }), ...world });
const server = await startApiServer({ ...world, engine, pki, host: '127.0.0.1', port: Number(port), kubeletOf: () => undefined });
const controllers = [
  customResourceController(context, engine),
  aggregationController(context, engine, (service) => server.aggregator.probe(service)),
  ...(flags.includes('--scheduler') ? [schedulerController(context)] : []),
];
void runControllers(context, controllers, new AbortController().signal);
