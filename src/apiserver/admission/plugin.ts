/** What an admission plugin is given and may do. */
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { RequestContext, ResourceDefinition } from '../engine.ts';
import type { RegistryWorld } from '../registry/world.ts';

export interface AdmissionRequest {
  operation: 'create' | 'update';
  world: RegistryWorld;
  definition: ResourceDefinition;
  ctx: RequestContext;
  key: ObjectKey;
  /** May be changed. */
  object: KubeObject;
  /** Shared: not to be changed. */
  old?: KubeObject;
  subresource?: string;
}

export interface AdmissionPlugin {
  readonly name: string;
  /** Before a creation, for what may take a moment to appear. */
  prepare?(request: AdmissionRequest): Promise<void>;
  /** Changes `object` or throws a StatusError. Synchronous: what it saw still holds when the store accepts the write. */
  admit?(request: AdmissionRequest): void;
}

export interface Admission {
  prepare(request: AdmissionRequest): Promise<void>;
  admit(request: AdmissionRequest): void;
}

export function isPod({ definition }: AdmissionRequest): boolean {
  return definition.group === '' && definition.plural === 'pods';
}

/** A new pod, not a change of one. */
export function isNewPod(request: AdmissionRequest): boolean {
  return request.operation === 'create' && isPod(request);
}
