/** Plays the cloud's part for services of type LoadBalancer: gives each an address of a small pool. The data plane answers there. */
import { services } from '../../kube/resources.ts';
import type { Service } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { addressesIn, addressOf, chooseAddress, wantsLoadBalancer } from './decide.ts';

/** `cidr`: the pool, an IPv4 network. */
export function loadBalancerController(ctx: ControllerContext, cidr: string): Controller {
  addressesIn(cidr).next();
  const informer = ctx.informer(services);
  const recorder = ctx.recorder('service-controller');
  /** Given out by this process, which its informer may not show yet, by service. */
  const given = new Map<string, string>();

  return startController(ctx, {
    name: 'service-loadbalancer',
    // One at a time: two must not choose the same address.
    workers: 1,
    watches: [watching(services)],
    async reconcile(key) {
      const service = informer.get(key);
      const text = `${key.namespace ?? ''}/${key.name}`;
      if (service === undefined || !wantsLoadBalancer(service)) {
        given.delete(text);
        if (service !== undefined && service.spec?.type !== 'LoadBalancer' && addressOf(service) !== undefined) await setIngress(service, []);
        return;
      }
      if (addressOf(service) !== undefined) {
        given.delete(text);
        return;
      }
      const taken = new Set(given.values());
      for (const other of informer.list()) {
        const address = addressOf(other);
        if (address !== undefined) taken.add(address);
      }
      const address = given.get(text) ?? chooseAddress(service, cidr, taken);
      recorder.event(service, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer');
      if (address === undefined) {
        const why = service.spec?.loadBalancerIP ? `address ${service.spec.loadBalancerIP} is not free in ${cidr}` : `no free address left in ${cidr}`;
        recorder.event(service, 'Warning', 'SyncLoadBalancerFailed', `Error syncing load balancer: failed to ensure load balancer: ${why}`);
        throw new Error(`no load balancer address for ${text}: ${why}`);
      }
      given.set(text, address);
      await setIngress(service, [address]);
      recorder.event(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer');
    },
  });

  async function setIngress(service: Service, addresses: readonly string[]): Promise<void> {
    const ingress = addresses.map((ip) => ({ ip, ipMode: 'VIP' }));
    const loadBalancer = ingress.length > 0 ? { ingress } : {};
    await ctx.client.update(services, { ...service, status: { ...service.status, loadBalancer } }, { subresource: 'status' });
  }
}
