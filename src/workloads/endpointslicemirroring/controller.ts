/** Mirrors Endpoints that were written by hand, or by another program, into EndpointSlices: all that look for addresses look there. */
import { endpoints, endpointSlices, services } from '../../kube/resources.ts';
import type { Endpoints, EndpointSlice, ObjectKey } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { MANAGED_BY, SERVICE_NAME } from '../endpointslice/decide.ts';
import { writeSlices } from '../endpointslice/write.ts';
import { Expectations } from '../shared/expectations.ts';
import { isMirrored, MAX_ENDPOINTS, MIRROR, planMirror, type MirrorPlan } from './decide.ts';

const BY_SERVICE = 'workloads/mirrors-of-service';

export function endpointSliceMirroringController(ctx: ControllerContext): Controller {
  const endpointsInformer = ctx.informer(endpoints);
  const serviceInformer = ctx.informer(services);
  const sliceInformer = ctx.informer(endpointSlices);
  sliceInformer.addIndex(BY_SERVICE, (slice) => mirrored(slice).map(textOf));
  const expectations = new Expectations(ctx.clock);
  const recorder = ctx.recorder('endpoint-slice-mirroring-controller');

  function ofSlice(slice: EndpointSlice, old: EndpointSlice | undefined, deleted: boolean): ObjectKey[] {
    const keys = mirrored(slice);
    if (old === undefined && !deleted) for (const key of keys) expectations.created(textOf(key));
    return old === undefined ? keys : [...keys, ...mirrored(old)];
  }

  function report(source: Endpoints, { invalid, skipped }: MirrorPlan): void {
    if (invalid > 0) recorder.event(source, 'Warning', 'InvalidIPAddress', `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`);
    if (skipped <= invalid) return;
    const most = `A max of ${MAX_ENDPOINTS} addresses can be mirrored to EndpointSlices per Endpoints subset.`;
    recorder.event(source, 'Warning', 'TooManyAddressesToMirror', `${most} ${skipped} addresses were skipped`);
  }

  return startController(ctx, {
    name: 'endpointslicemirroring',
    watches: [watching(endpoints), watching(services), watching(endpointSlices, ofSlice)],
    async reconcile(key) {
      const source = endpointsInformer.get(key);
      const owner = textOf(key);
      const existing = sliceInformer.byIndex(BY_SERVICE, owner);
      if (!isMirrored(source, serviceInformer.get(key))) {
        expectations.forget(owner);
        return writeSlices(ctx.client, expectations, owner, { create: [], update: [], remove: [...existing] });
      }
      if (!expectations.satisfied(owner)) return;
      const plan = planMirror(source, existing);
      report(source, plan);
      await writeSlices(ctx.client, expectations, owner, plan);
    },
  });
}

/** The service whose Endpoints the slice mirrors; none when it is not ours. */
function mirrored({ metadata: { namespace = '', labels } }: EndpointSlice): ObjectKey[] {
  const name = labels?.[SERVICE_NAME];
  return name && labels?.[MANAGED_BY] === MIRROR ? [{ namespace, name }] : [];
}

function textOf({ namespace = '', name }: ObjectKey): string {
  return `${namespace}/${name}`;
}
