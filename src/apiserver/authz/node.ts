/** What nodes may do: what every node needs, but only with its own objects and those its pods name. Upstream's Node mode. */
import { parseFieldSelector } from '../../kube/selectors.ts';
import type { UserInfo } from '../engine.ts';
import type { Store } from '../store/store.ts';
import { isPath, type Attributes, type ResourceAttributes } from './attributes.ts';
import { rulesOfStart } from './bootstrap/policy.ts';
import { Grants } from './grants.ts';
import { NodeRelations } from './node-relations.ts';

const PREFIX = 'system:node:';
export const NODES = 'system:nodes';
const LEASES = 'kube-node-lease';

/** The name of the node a user is, if it is one; '' for one that does not say which. */
export function nodeNameOf({ name, groups }: UserInfo): string | undefined {
  return name.startsWith(PREFIX) && groups.includes(NODES) ? name.slice(PREFIX.length) : undefined;
}

/** Allowed, or what there is to say about it; others may still allow it. */
export type NodeAnswer = true | string;

export class NodeAuthorizer {
  readonly #relations: NodeRelations;
  #rules: Grants | undefined;

  constructor(store: Store) {
    this.#relations = new NodeRelations(store);
  }

  answer(user: UserInfo, attributes: Attributes): NodeAnswer {
    const node = nodeNameOf(user);
    if (node === undefined) return '';
    if (node === '') return `unknown node for user ${JSON.stringify(user.name)}`;
    return (isPath(attributes) ? undefined : this.#ofKind(node, attributes)) ?? (this.#common().allow(attributes) || '');
  }

  /** What all nodes may do alike. */
  #common(): Grants {
    return (this.#rules ??= new Grants(rulesOfStart('system:node')));
  }

  /** Undefined: it is not looked at one by one. */
  #ofKind(node: string, asked: ResourceAttributes): NodeAnswer | undefined {
    const { group, plural, subresource, namespace = '', name = '' } = asked;
    const relations = this.#relations;
    switch (group === '' ? plural : `${plural}.${group}`) {
      case 'secrets':
        return read(asked) ?? related(node, asked, () => relations.names(node, 'secrets', namespace, name));
      case 'configmaps':
        return read(asked) ?? related(node, asked, () => relations.names(node, 'configMaps', namespace, name));
      case 'persistentvolumeclaims':
        return (subresource === 'status' ? updateStatus(asked) : get(asked)) ?? related(node, asked, () => relations.names(node, 'claims', namespace, name));
      case 'persistentvolumes':
        return get(asked) ?? related(node, asked, () => relations.hasVolume(node, name));
      case 'volumeattachments.storage.k8s.io':
        return get(asked) ?? related(node, asked, () => relations.isFor(node, 'storage.k8s.io/volumeattachments', name));
      case 'resourceclaims.resource.k8s.io':
        return get(asked) ?? related(node, asked, () => false);
      case 'serviceaccounts':
        return account(asked) ?? related(node, asked, () => relations.usesAccount(node, namespace, name));
      case 'leases.coordination.k8s.io':
        return lease(node, asked);
      case 'csinodes.storage.k8s.io':
        return csiNode(node, asked);
      case 'resourceslices.resource.k8s.io':
        return slice(node, asked) ?? related(node, asked, () => relations.isFor(node, 'resource.k8s.io/resourceslices', name));
      case 'nodes':
        return ownNode(node, asked);
      case 'pods':
        return pod(node, asked) ?? related(node, asked, () => relations.hasPod(node, namespace, name));
      default:
        return undefined;
    }
  }
}

function related(node: string, { name }: ResourceAttributes, is: () => boolean): NodeAnswer {
  if (!name) return 'No Object name found';
  return is() || `no relationship found between node '${node}' and this object`;
}

const READS = new Set(['get', 'list', 'watch']);

function read({ verb, subresource, namespace }: ResourceAttributes): NodeAnswer | undefined {
  if (!READS.has(verb)) return 'can only read resources of this type';
  if (subresource) return 'cannot read subresource';
  return namespace ? undefined : 'can only read namespaced object of this type';
}

function get({ verb, subresource }: ResourceAttributes): NodeAnswer | undefined {
  if (verb !== 'get') return 'can only get individual resources of this type';
  return subresource ? 'cannot get subresource' : undefined;
}

function updateStatus({ verb }: ResourceAttributes): NodeAnswer | undefined {
  return verb === 'update' || verb === 'patch' ? undefined : 'can only get/update/patch this type';
}

function account(asked: ResourceAttributes): NodeAnswer | undefined {
  const { verb, subresource, name } = asked;
  if (verb === 'get' && !subresource) return read(asked);
  if (verb !== 'create' || !name) return 'can only create tokens for individual service accounts';
  return subresource === 'token' ? undefined : 'can only create token subresource of serviceaccount';
}

const KEEPS = new Set(['get', 'create', 'update', 'patch', 'delete']);

function lease(node: string, { verb, namespace, name }: ResourceAttributes): NodeAnswer {
  if (!KEEPS.has(verb)) return 'can only get, create, update, patch, or delete a node lease';
  if (namespace !== LEASES) return `can only access leases in the "${LEASES}" system namespace`;
  // The name of what is created is seen by admission.
  return verb === 'create' || name === node || 'can only access node lease with the same name as the requesting node';
}

function csiNode(node: string, { verb, subresource, name }: ResourceAttributes): NodeAnswer {
  if (subresource) return 'cannot authorize CSINode subresources';
  if (!KEEPS.has(verb)) return 'can only get, create, update, patch, or delete a CSINode';
  return verb === 'create' || name === node || 'can only access CSINode with the same name as the requesting node';
}

function slice(node: string, asked: ResourceAttributes): NodeAnswer | undefined {
  if (asked.subresource) return 'cannot authorize ResourceSlice subresources';
  switch (asked.verb) {
    case 'create':
      return true;
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return undefined;
    case 'watch':
    case 'list':
    case 'deletecollection':
      return selects(asked, node) || 'can only list/watch/deletecollection resourceslices with nodeName field selector';
    default:
      return 'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection';
  }
}

function ownNode(node: string, { verb, subresource, name }: ResourceAttributes): NodeAnswer {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' || '';
  if (subresource) return '';
  if (READS.has(verb)) {
    if (name === node) return true;
    return name ? `node '${node}' cannot read '${name}', only its own Node object` : `node '${node}' cannot read all nodes, only its own Node object`;
  }
  return verb === 'create' || verb === 'update' || verb === 'patch' || '';
}

function pod(node: string, asked: ResourceAttributes): NodeAnswer | undefined {
  const { verb, subresource, name } = asked;
  if (subresource === 'status') return verb === 'update' || verb === 'patch' || '';
  if (subresource === 'eviction') return verb === 'create' || '';
  if (subresource) return '';
  switch (verb) {
    case 'get':
      return undefined;
    case 'list':
    case 'watch':
      if (selects(asked, node)) return true;
      return name ? undefined : 'can only list/watch pods with spec.nodeName field selector';
    default:
      return verb === 'create' || verb === 'delete' || '';
  }
}

function selects({ fieldSelector }: ResourceAttributes, node: string): boolean {
  if (!fieldSelector) return false;
  try {
    return parseFieldSelector(fieldSelector).some(({ field, op, value }) => field === 'spec.nodeName' && op === '=' && value === node);
  } catch {
    return false;
  }
}
