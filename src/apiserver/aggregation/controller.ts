/** Keeps APIServices: one for each group and version served here, and for the others whether the server behind answers. */
import { setCondition, type Condition } from '../../kube/conditions.ts';
import { endpointSlices, services, type Resource } from '../../kube/resources.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status.ts';
import type { EndpointSlice, ObjectKey, Service } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import type { ApiEngine } from '../engine.ts';
import { apiServiceName, AUTOMANAGED, localApiService, type ApiService } from './local.ts';

export const apiServices: Resource<ApiService> = {
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  namespaced: false,
};

const RECHECK_MS = 30_000;
const HTTPS_PORT = 443;

type Available = Omit<Condition, 'type' | 'lastTransitionTime'>;
const LOCAL: Available = { status: 'True', reason: 'Local', message: 'Local APIServices are always available' };

/** `probe` asks the server behind an APIService; it answers why that failed. */
export function aggregationController(ctx: ControllerContext, engine: ApiEngine, probe: (service: ApiService) => Promise<string | undefined>): Controller {
  const informer = ctx.informer(apiServices);

  const ofService = (namespace: string, name: string): ObjectKey[] =>
    informer
      .list()
      .filter(({ spec }) => spec.service?.namespace === namespace && spec.service.name === name)
      .map(({ metadata }) => ({ name: metadata.name ?? '' }));

  const localOf = (name: string): ApiService | undefined => {
    const found = engine.definitions().find((definition) => apiServiceName(definition) === name);
    // The group of APIServices themselves is served without one, as upstream's.
    return found && found.group !== apiServices.group ? localApiService(found.group, found.version, found.builtin) : undefined;
  };

  const available = async (service: ApiService): Promise<Available> => {
    const { service: reference } = service.spec;
    if (reference === undefined) return LOCAL;
    const missing = whyUnreachable(
      reference,
      ctx.informer(services).get({ namespace: reference.namespace, name: reference.name }),
      ctx.informer(endpointSlices).list(),
    );
    if (missing !== undefined) return missing;
    const failure = await probe(service);
    if (failure !== undefined) return { status: 'False', reason: 'FailedDiscoveryCheck', message: failure };
    return { status: 'True', reason: 'Passed', message: 'all checks passed' };
  };

  const setAvailable = async (service: ApiService): Promise<void> => {
    const wanted = { type: 'Available', ...(await available(service)) };
    const old = service.status?.conditions?.find(({ type }) => type === 'Available');
    if (old !== undefined && old.status === wanted.status && old.reason === wanted.reason && old.message === wanted.message) return;
    const conditions = setCondition<Condition>(service.status?.conditions as Condition[] | undefined, wanted, timestamp(ctx.clock.now()));
    await ctx.client
      .patch(apiServices, { name: service.metadata.name ?? '' }, { status: { conditions } }, { type: 'merge', subresource: 'status' })
      .catch(ignoreMissing);
  };

  return startController(ctx, {
    name: 'apiservice',
    watches: [
      watching(apiServices),
      watching(services, ({ metadata }) => ofService(metadata.namespace ?? '', metadata.name ?? '')),
      watching(endpointSlices, ({ metadata }) => ofService(metadata.namespace ?? '', metadata.labels?.['kubernetes.io/service-name'] ?? '')),
    ],
    start(enqueue, signal) {
      const all = (): void => {
        for (const name of new Set(engine.definitions().map(apiServiceName))) if (informer.get({ name }) === undefined) enqueue({ name });
        for (const { metadata } of informer.list()) if (metadata.labels?.[AUTOMANAGED] !== undefined) enqueue({ name: metadata.name ?? '' });
      };
      all();
      const stop = engine.onDefinitionsChanged(all);
      signal.addEventListener('abort', stop, { once: true });
    },
    async reconcile({ name }) {
      const service = informer.get({ name });
      const local = localOf(name);
      if (service === undefined) {
        if (local !== undefined) await ctx.client.create(apiServices, local).catch(ignoreExisting);
        return;
      }
      if (local === undefined && service.metadata.labels?.[AUTOMANAGED] !== undefined && service.spec.service === undefined) {
        await ctx.client.delete(apiServices, { name }).catch(ignoreMissing);
        return;
      }
      await setAvailable(service);
      return service.spec.service === undefined ? undefined : { requeueAfterMs: RECHECK_MS };
    },
  });
}

function whyUnreachable(
  reference: NonNullable<ApiService['spec']['service']>,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Available | undefined {
  const { namespace, name, port = HTTPS_PORT } = reference;
  const which = `service/${name} in ${JSON.stringify(namespace)}`;
  const unavailable = (reason: string, message: string): Available => ({ status: 'False', reason, message });
  if (service === undefined) return unavailable('ServiceNotFound', `${which} is not present`);
  if (service.spec?.type === 'ExternalName') return undefined;
  const servicePort = service.spec?.ports?.find((candidate) => candidate.port === port);
  if (servicePort === undefined) return unavailable('ServicePortError', `${which} is not listening on port ${port}`);
  const own = slices.filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === name);
  if (own.length === 0) return unavailable('EndpointsNotFound', `cannot find endpointslices for ${which}`);
  const portName = servicePort.name ?? '';
  const ready = own.some(
    (slice) => slice.ports?.some((candidate) => (candidate.name ?? '') === portName) && slice.endpoints?.some(({ conditions }) => conditions?.ready !== false),
  );
  return ready ? undefined : unavailable('MissingEndpoints', `endpointslices for ${which} have no addresses with port name ${JSON.stringify(portName)}`);
}

function ignoreMissing(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

function ignoreExisting(error: unknown): void {
  if (!isAlreadyExists(error)) throw error;
}
