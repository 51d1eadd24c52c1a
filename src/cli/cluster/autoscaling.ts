/** The controller of HorizontalPodAutoscalers with its three sources of metrics: what is measured here, and what adapters serve through the API. */
import { inProcessClient, type ApiEngine } from '../../apiserver/index.ts';
import { newClient, type Pki } from '../../apiserver/pki/index.ts';
import type { RunningApiServer } from '../../apiserver/server.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import type { httpClient } from '../../runtime/http/client.ts';
import { horizontalPodAutoscaler, restMetrics, type MetricsApis } from '../../scaling/index.ts';
import { actingAs, HPA } from './identities.ts';
import { servedKinds } from './stored-kinds.ts';

export interface AutoscalingOptions {
  base: ControllerContext;
  /** The engine that what runs here asks. */
  within: ApiEngine;
  server: RunningApiServer;
  /** Where the server listens. */
  host: string;
  pki: Pick<Pki, 'ca' | 'caKey'>;
}

export function hpaController({ base, within, server, host, pki }: AutoscalingOptions): { controller: Controller; close(): Promise<void> } {
  const { clock } = base;
  const subject = { commonName: HPA.name, organizations: HPA.groups.filter((group) => group !== 'system:authenticated') };
  let connected: Promise<ReturnType<typeof httpClient>> | undefined;
  // Adapters are behind the server's aggregation, which only its front door knows. Few autoscalers ask them, and the client takes long to load.
  const connect = (): NonNullable<typeof connected> =>
    (connected ??= import('../../runtime/http/client.ts').then((module) =>
      module.httpClient({
        server: `https://${host}:${server.port}`,
        ca: pki.ca,
        ...newClient({ cert: pki.ca, key: pki.caKey }, subject, clock.now()),
        userAgent: 'horizontal-pod-autoscaler',
      }),
    ));
  const here = inProcessClient(server.engine, HPA);
  const adapters: MetricsApis['adapters'] = {
    get: async (...asked) => (await connect()).get(...asked),
    async list(resource, options) {
      const isServedHere = server.engine.definition(resource.group, resource.version, resource.plural) !== undefined;
      const isElsewhere = server.aggregator.find(`/apis/${resource.group}/${resource.version}`) !== undefined;
      return (isServedHere && !isElsewhere ? here : await connect()).list(resource, options);
    },
  };
  const kinds = servedKinds(within);
  const metrics = restMetrics({ resources: here, adapters, kinds, clock });
  return { controller: horizontalPodAutoscaler(actingAs(HPA, base, within), { metrics, kinds }), close: async () => (await connected)?.close() };
}
