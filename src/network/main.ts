/**
 * The data-plane process of a cluster. Runs in the router's namespace, started by `startDataPlane` with the path of its configuration;
 * ends when its parent does. Keep its imports few: its memory is paid for in every cluster.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { endpointSlices, services } from '../kube/resources.ts';
import type { EndpointSlice, Service } from '../kube/types.ts';
import { realClock } from '../runtime/clock.ts';
import { SharedInformer } from '../runtime/shared-informer.ts';
import { addressToNumber, parseCidr } from './addresses.ts';
import { apiReader } from './api-reader.ts';
import type { DataPlaneConfig } from './data-plane.ts';
import { machineResolvers } from './dns/forward.ts';
import { startDns } from './dns/server.ts';
import type { ZoneSource } from './dns/zone.ts';
import { lineLogger } from './line-logger.ts';
import { rulesWriter } from './rules-writer.ts';
import { PolicyEnforcer } from './policy/enforce.ts';
import type { AttachedMessage } from './policy/guard.ts';
import { emptyRuleset, frame, mergeRulesets, transaction, type Ruleset } from './ruleset.ts';
import { serviceRules } from './services.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';

// First of all: a parent that is gone already must not leave us behind.
process.on('disconnect', () => process.exit(0));
// Ctrl-C goes to the whole foreground group; the parent decides when we end.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => process.exit(0));

const log = lineLogger('network');
const config = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as DataPlaneConfig;
const { addresses } = config;
const world = { client: apiReader(config), clock: realClock, log };
const serviceInformer = new SharedInformer<Service>(services, world);
const sliceInformer = new SharedInformer<EndpointSlice>(endpointSlices, world);

const keyOf = (namespace: string | undefined, name: string | undefined): string => `${namespace}/${name}`;
const ownerOf = (slice: EndpointSlice): string => keyOf(slice.metadata.namespace, slice.metadata.labels?.[SERVICE_NAME]);
serviceInformer.addIndex('address', (service) => service.spec?.clusterIPs ?? []);
sliceInformer.addIndex('service', (slice) => [ownerOf(slice)]);
sliceInformer.addIndex('address', (slice) => (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses));

/** Rules of each service, computed anew only when the service or its endpoints change. */
const rules = new Map<string, Ruleset>();
const dirty = new Set<string>();
const writer = rulesWriter<Ruleset>({
  what: 'service rules',
  clock: realClock,
  log,
  wanted() {
    for (const key of dirty) {
      const [namespace = '', name = ''] = key.split('/');
      const service = serviceInformer.get({ namespace, name });
      if (service === undefined) rules.delete(key);
      else rules.set(key, serviceRules(service, sliceInformer.byIndex('service', key)));
    }
    dirty.clear();
    return mergeRulesets(rules.values());
  },
  commands: (before, after) => (before === undefined ? frame(addresses.nodeCidr) + transaction(emptyRuleset(), after) : transaction(before, after)),
});
const touch = (key: string): void => {
  dirty.add(key);
  writer.changed();
};

/** Whose reverse look-ups the cluster answers. */
const ranges = [addresses.podCidr, addresses.serviceCidr, addresses.nodeCidr, addresses.loadBalancerCidr].map(parseCidr);
const source: ZoneSource = {
  service: (namespace, name) => serviceInformer.get({ namespace, name }),
  slices: (namespace, name) => sliceInformer.byIndex('service', keyOf(namespace, name)),
  hasServices: (namespace) => serviceInformer.list(namespace).length > 0,
  serviceByAddress: (address) => serviceInformer.byIndex('address', address)[0],
  slicesByAddress: (address) => sliceInformer.byIndex('address', address),
  owns: (address) => ranges.some(({ start, end }) => addressToNumber(address) >= start && addressToNumber(address) <= end),
};

// We are started before the API, to have this behind us when it answers.
await once(process, 'message');
const forever = new AbortController().signal;
void serviceInformer.run(forever);
void sliceInformer.run(forever);
const policies = new PolicyEnforcer(world, addresses, (message) => process.send?.(message));
process.on('message', (message: AttachedMessage) => {
  if (message.type === 'attached') void policies.attached(message);
});
const policiesInForce = policies.start();
await Promise.all([startDns({ address: addresses.dnsService, source, upstreams: machineResolvers(), log }), serviceInformer.synced(), sliceInformer.synced()]);
serviceInformer.onChange({
  upsert: ({ metadata }) => touch(keyOf(metadata.namespace, metadata.name)),
  delete: ({ metadata }) => touch(keyOf(metadata.namespace, metadata.name)),
});
sliceInformer.onChange({
  upsert(slice, old) {
    touch(ownerOf(slice));
    if (old !== undefined && ownerOf(old) !== ownerOf(slice)) touch(ownerOf(old));
  },
  delete: (slice) => touch(ownerOf(slice)),
});
await Promise.all([writer.flushed(), policiesInForce]);
log.info('the data plane is ready', { services: rules.size, dns: addresses.dnsService });
process.send?.({ type: 'ready' });
