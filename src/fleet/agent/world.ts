/** What an agent is given: a hub, a member, and what the member's API is like. */
import type { Resource } from '../../kube/resources.ts';
import type { Client, ListOptions } from '../../runtime/client.ts';
import { controllerContext, type World } from '../../runtime/context.ts';
import type { ControllerContext } from '../../runtime/controller.ts';
import type { ApiEnablement } from '../kinds/cluster.ts';
import { executionNamespace, works } from '../kinds/work.ts';
import * as marks from '../kinds/marks.ts';
import type { Kinds } from '../templates.ts';

/** What the Client does not tell of an API. Every call rejects when the API does not answer. */
export interface MemberApi {
  /** 'v1.34.0' */
  version(): Promise<string>;
  enablements(): Promise<ApiEnablement[]>;
  kinds: Kinds;
}

export interface AgentOptions {
  /** The member's name on the hub. */
  cluster: string;
  /** With the agent's rights on the hub: its own works, Cluster and lease. */
  hub: World;
  member: World;
  api: MemberApi;
}

export interface AgentWorld extends Pick<AgentOptions, 'cluster' | 'api'> {
  hub: ControllerContext;
  /** Sees everything. */
  member: ControllerContext;
  /** Sees what the fleet manages. */
  managed: ControllerContext;
}

export function agentWorld({ cluster, hub, member, api }: AgentOptions): AgentWorld {
  const ownWorks = narrowed(hub.client, (resource) => (resource.plural === works.plural ? { namespace: executionNamespace(cluster) } : {}));
  const managed = narrowed(member.client, () => ({ labelSelector: `${marks.MANAGED}=true` }));
  return {
    cluster,
    api,
    hub: controllerContext({ ...hub, client: ownWorks }),
    member: controllerContext(member),
    managed: controllerContext({ ...member, client: managed }),
  };
}

/** A client whose lists and watches see no more than `to` says. */
function narrowed(client: Client, to: (resource: Resource) => Pick<ListOptions, 'namespace' | 'labelSelector'>): Client {
  return {
    get: (...args) => client.get(...args),
    create: (...args) => client.create(...args),
    update: (...args) => client.update(...args),
    patch: (...args) => client.patch(...args),
    delete: (...args) => client.delete(...args),
    deleteCollection: (...args) => client.deleteCollection(...args),
    createSubresource: (...args) => client.createSubresource(...args),
    list: (resource, options) => client.list(resource, { ...options, ...to(resource) }),
    watch: (resource, options) => client.watch(resource, { ...options, ...to(resource) }),
  };
}
