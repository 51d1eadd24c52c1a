/** Upstream's controllers before its API server, and ours before ours. */
import { certificateSigner } from '../../../src/apiserver/pki/sign.ts';
import { builtinResources } from '../../../src/apiserver/resources/index.ts';
import { realClock as clock } from '../../../src/runtime/clock.ts';
import { controllerContext, runControllers } from '../../../src/runtime/context.ts';
import { httpClient } from '../../../src/runtime/http/client.ts';
import { loadKubeconfig } from '../../../src/runtime/http/kubeconfig.ts';
import { silentLogger as log } from '../../../src/runtime/log.ts';
import { realRandom as random } from '../../../src/runtime/random.ts';
import { certificateControllers, clusterRoleController, storedResources, workloadControllers } from '../../../src/workloads/index.ts';
import type { Peer } from '../peer.ts';

/** `controllers`: as kube-controller-manager calls them ('job-controller'). */
export async function startTheirControllers(peer: Peer, controllers: readonly string[], flags: readonly string[] = []): Promise<void> {
  const config = ['', 'authentication-', 'authorization-'].map((part) => `--${part}kubeconfig=${peer.kubeconfig}`);
  await peer.start('kube-controller-manager', [...config, '--leader-elect=false', '--secure-port=0', `--controllers=${controllers.join(',')}`, ...flags]);
}

/** Over HTTP, as theirs. Resolves when the signal aborts. */
export async function runOurControllers(peer: Peer, signal: AbortSignal): Promise<void> {
  const client = httpClient(await loadKubeconfig(peer.kubeconfig));
  const ctx = controllerContext({ client, clock, random, log });
  const resources = storedResources(builtinResources);
  const all = [
    ...workloadControllers(ctx, { resources: () => resources, ca: 'CA' }),
    ...certificateControllers(ctx, certificateSigner({ cert: peer.pki.ca, key: peer.pki.caKey })),
    clusterRoleController(ctx),
  ];
  await runControllers(ctx, all, signal);
  await client.close();
}
