/** The Status that says a request went well. */
import type { KubeObject } from '../../kube/types.ts';
import type { ResourceDefinition, StoredObject } from '../engine.ts';
import { encode } from '../store/stored-object.ts';

/** What a creation through a subresource answers. */
export function createdStatus(): StoredObject {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  return encode(0, status);
}

export function successStatus(definition: ResourceDefinition, object: KubeObject): StoredObject {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      ...(object.metadata.name === undefined ? {} : { name: object.metadata.name }),
      ...(definition.group ? { group: definition.group } : {}),
      kind: definition.plural,
      ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
    },
  };
  return encode(0, status);
}
