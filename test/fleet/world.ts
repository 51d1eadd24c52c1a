/** A fleet without machines: a hub and members as worlds of their own, under one virtual clock, with links that can be cut. */
import { join } from 'node:path';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { createEngine, inProcessClient, type ClosableEngine, type ResourceDefinition } from '../../src/apiserver/index.ts';
import { customResourceController } from '../../src/apiserver/crd/controller.ts';
import { servedKinds } from '../../src/cli/cluster/stored-kinds.ts';
import { hubControllers, runAgent, type MemberApi } from '../../src/fleet/index.ts';
import { clusters, type Cluster } from '../../src/fleet/kinds/cluster.ts';
import { customResourceDefinitions, deployments, events, namespaces } from '../../src/kube/resources.ts';
import type { CustomResourceDefinition, Deployment } from '../../src/kube/types.ts';
import type { Client } from '../../src/runtime/client.ts';
import { controllerContext, runControllers } from '../../src/runtime/context.ts';
import { silentLogger, type Logger } from '../../src/runtime/log.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { VirtualClock } from '../../src/runtime/virtual-clock.ts';
import { hubWorkloadControllers, storedResources } from '../../src/workloads/index.ts';
import { World } from '../workloads/world.ts';
import { Link } from './link.ts';

const KINDS = join(import.meta.dirname, '../../manifests/fleet');

interface Agent {
  link: Link;
  stop(): Promise<void>;
}

export interface Member {
  name: string;
  world: World;
  agent: Agent | undefined;
}

export class Fleet {
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 1));
  readonly members = new Map<string, Member>();
  readonly warnings: string[] = [];
  engine!: ClosableEngine;
  client!: Client;
  #hub: (() => Promise<void>) | undefined;
  readonly #log: Logger = this.#logger();

  static async start(names: readonly string[] = ['ap', 'eu', 'us'], more: (name: string) => Partial<Cluster['spec']> = () => ({})): Promise<Fleet> {
    const fleet = new Fleet();
    fleet.engine = await createEngine({ clock: fleet.clock, random: seededRandom(7), log: silentLogger, serviceCidr: '10.200.0.0/16' });
    fleet.client = inProcessClient(fleet.engine, { name: 'hub', groups: ['system:masters'] });
    for (const file of readdirSync(KINDS))
      await fleet.client.create(customResourceDefinitions, parse(readFileSync(join(KINDS, file), 'utf8')) as CustomResourceDefinition);
    fleet.startHub();
    await fleet.until('kinds are served', () => Promise.resolve(fleet.engine.definitions().some(({ plural }) => plural === 'works')));
    for (const name of ['karmada-cluster']) await fleet.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await Promise.all(names.map((name) => fleet.join(name, more(name))));
    return fleet;
  }

  /** The hub's controllers; killed and started again like a process. */
  startHub(): void {
    const ctx = controllerContext({ client: this.client, clock: this.clock, random: seededRandom(3), log: this.#log });
    const abort = new AbortController();
    const resources = () => storedResources(this.engine.definitions());
    const ended = runControllers(
      ctx,
      [customResourceController(ctx, this.engine), ...hubWorkloadControllers(ctx, { resources, ca: 'CA' }), ...hubControllers(ctx, servedKinds(this.engine))],
      abort.signal,
    );
    this.#hub = async () => {
      abort.abort();
      await ended;
    };
  }

  async stopHub(): Promise<void> {
    await this.#hub?.();
    this.#hub = undefined;
  }

  async join(name: string, spec: Partial<Cluster['spec']> = {}): Promise<Member> {
    const world = await World.start({ clock: this.clock });
    const member: Member = { name, world, agent: undefined };
    this.members.set(name, member);
    await this.client.create(clusters, { apiVersion: 'cluster.karmada.io/v1alpha1', kind: 'Cluster', metadata: { name }, spec: { syncMode: 'Pull', ...spec } });
    this.startAgent(name);
    return member;
  }

  member(name: string): Member {
    const member = this.members.get(name);
    if (member === undefined) throw new Error(`no member ${name}`);
    return member;
  }

  startAgent(name: string): Agent {
    const member = this.member(name);
    const link = new Link(this.client);
    const abort = new AbortController();
    const base = { clock: this.clock, random: seededRandom(name.length), log: this.#log };
    const ended = runAgent(
      { cluster: name, hub: { ...base, client: link.client }, member: { ...base, client: member.world.client }, api: apiOf(member.world) },
      abort.signal,
    );
    member.agent = {
      link,
      async stop() {
        abort.abort();
        member.agent = undefined;
        await ended;
      },
    };
    return member.agent;
  }

  /** Replicas that members' deployments of a name ask for, by cluster; absent where there is none. */
  async replicas(name: string): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const [, member] of [...this.members].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const deployment = (await member.world.list(deployments)).find(({ metadata }) => metadata.name === name);
      if (deployment !== undefined) found[member.name] = deployment.spec?.replicas ?? 1;
    }
    return found;
  }

  async hubDeployment(name: string): Promise<Deployment> {
    return this.client.get(deployments, { namespace: 'default', name });
  }

  /** Reasons of the events about an object, in the order of their making. */
  async reasons(kind: string, name: string): Promise<string[]> {
    const { items } = await this.client.list(events, { namespace: 'default' });
    return items.filter((event) => event.involvedObject.kind === kind && event.involvedObject.name === name).map(({ reason = '' }) => reason);
  }

  async until(what: string, condition: () => Promise<boolean>, limitMs = 600_000): Promise<void> {
    if (await this.clock.runUntil(condition, limitMs)) return;
    throw new Error(`not reached: ${what}\n${this.warnings.slice(-5).join('\n')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { agent } of this.members.values()) await agent?.stop();
    await this.stopHub();
    for (const { world } of this.members.values()) await world[Symbol.asyncDispose]();
    await this.engine.close();
  }

  #logger(): Logger {
    const log: Logger = {
      ...silentLogger,
      warn: (message, fields) => void this.warnings.push(`${message} ${JSON.stringify(fields)}`),
      error: (message, fields) => void this.warnings.push(`${message} ${JSON.stringify(fields)}`),
      child: () => log,
    };
    return log;
  }
}

function apiOf(world: World): MemberApi {
  return {
    version: () => Promise.resolve('v1.34.0'),
    enablements: () => Promise.resolve(enablementsOf(world.engine.definitions())),
    kinds: servedKinds(world.engine),
  };
}

function enablementsOf(definitions: readonly ResourceDefinition[]): { groupVersion: string; resources: { name: string; kind: string }[] }[] {
  const found = new Map<string, { name: string; kind: string }[]>();
  for (const { group, version, plural, kind } of definitions) {
    const groupVersion = group === '' ? version : `${group}/${version}`;
    found.set(groupVersion, [...(found.get(groupVersion) ?? []), { name: plural, kind }]);
  }
  return [...found].map(([groupVersion, resources]) => ({ groupVersion, resources }));
}
