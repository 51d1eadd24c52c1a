/** Keeps the EndpointSlices, and the legacy Endpoints, of services with selectors. */
import { endpointSlices, endpoints, nodes, pods, services } from '../../kube/resources.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status.ts';
import type { EndpointSlice, ObjectKey, Pod, Service } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { keyOf } from '../shared/claim.ts';
import { sameValue } from '../shared/equal.ts';
import { Expectations } from '../shared/expectations.ts';
import { isNamespaceTerminating } from '../shared/pod-control.ts';
import { groupEndpoints, MANAGED_BY, MANAGER, planSlices, SERVICE_NAME } from './decide.ts';
import { endpointsOf } from './legacy.ts';
import { triggeredAt, TriggerTimes } from './trigger-times.ts';
import { unlessNotFound, writeSlices } from './write.ts';

const BY_SERVICE = 'workloads/slices-of-service';
const ZONE = 'topology.kubernetes.io/zone';

export function endpointSliceController(ctx: ControllerContext): Controller {
  const serviceInformer = ctx.informer(services);
  const podInformer = ctx.informer(pods);
  const nodeInformer = ctx.informer(nodes);
  const sliceInformer = ctx.informer(endpointSlices);
  sliceInformer.addIndex(BY_SERVICE, (slice) => (isOurs(slice) ? [serviceOf(slice)] : []));
  const expectations = new Expectations(ctx.clock);
  const sliceTimes = new TriggerTimes();
  const legacyTimes = new TriggerTimes();

  function ofPod(pod: Pod, old: Pod | undefined): ObjectKey[] {
    const keys: ObjectKey[] = [];
    for (const service of serviceInformer.list(pod.metadata.namespace)) {
      if (selects(service, pod) || (old !== undefined && selects(service, old))) keys.push(keyOf(service));
    }
    return keys;
  }

  function ofSlice(slice: EndpointSlice, old: EndpointSlice | undefined, deleted: boolean): ObjectKey[] {
    if (!isOurs(slice)) return [];
    if (old === undefined && !deleted) expectations.created(serviceOf(slice));
    return [{ namespace: slice.metadata.namespace ?? '', name: slice.metadata.labels?.[SERVICE_NAME] ?? '' }];
  }

  async function writeLegacy(service: Service, selected: readonly Pod[]): Promise<void> {
    const wanted = endpointsOf(service, selected);
    Object.assign(wanted.metadata, triggeredAt(wanted, legacyTimes.next(service, selected)));
    try {
      const found = await ctx.client.get(endpoints, keyOf(service));
      if (sameValue(found.subsets, wanted.subsets) && sameValue(found.metadata.labels, wanted.metadata.labels)) return;
      await ctx.client.update(endpoints, { ...wanted, metadata: { ...found.metadata, ...wanted.metadata } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await ctx.client.create(endpoints, wanted).catch((failure: unknown) => {
        if (!isNamespaceTerminating(failure) && !isAlreadyExists(failure)) throw failure;
      });
    }
  }

  return startController(ctx, {
    name: 'endpointslice',
    watches: [watching(services), watching(pods, ofPod), watching(endpointSlices, ofSlice), watching(nodes, () => [])],
    async reconcile(key) {
      const service = serviceInformer.get(key);
      const owner = `${key.namespace ?? ''}/${key.name}`;
      if (service === undefined) {
        expectations.forget(owner);
        sliceTimes.forget(key);
        legacyTimes.forget(key);
        // Slices follow their owner through the garbage collector; Endpoints have none.
        return ctx.client.delete(endpoints, key).catch(unlessNotFound);
      }
      if (!hasSelector(service) || service.metadata.deletionTimestamp !== undefined) return;
      const selected = podInformer.list(key.namespace).filter((pod) => selects(service, pod));
      if (expectations.satisfied(owner)) {
        const zoneOf = (nodeName: string) => nodeInformer.get({ name: nodeName })?.metadata.labels?.[ZONE];
        const plan = planSlices(service, groupEndpoints(service, selected, zoneOf), sliceInformer.byIndex(BY_SERVICE, owner));
        const time = sliceTimes.next(service, selected);
        const timed = (slice: EndpointSlice): EndpointSlice => ({ ...slice, metadata: { ...slice.metadata, ...triggeredAt(slice, time) } });
        await writeSlices(ctx.client, expectations, owner, { ...plan, create: plan.create.map(timed), update: plan.update.map(timed) });
      }
      await writeLegacy(service, selected);
    },
  });
}

function hasSelector(service: Service): boolean {
  return service.spec?.type !== 'ExternalName' && Object.keys(service.spec?.selector ?? {}).length > 0;
}

function selects(service: Service, pod: Pod): boolean {
  if (!hasSelector(service)) return false;
  const labels = pod.metadata.labels ?? {};
  for (const key in service.spec?.selector) if (labels[key] !== service.spec.selector[key]) return false;
  return true;
}

function isOurs(slice: EndpointSlice): boolean {
  return slice.metadata.labels?.[MANAGED_BY] === MANAGER && slice.metadata.labels[SERVICE_NAME] !== undefined;
}

function serviceOf(slice: EndpointSlice): string {
  return `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.[SERVICE_NAME] ?? ''}`;
}
