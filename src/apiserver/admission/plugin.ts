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
  /**
   * After validation and reviewers, just before the store is asked: refuses by throwing, or answers what is to be told when
   * the store has accepted the write (which may yet fail). Nothing is waited for in between.
   */
  conclude?(request: AdmissionRequest): Reservation | undefined;
}

/** Given the write in progress. */
export type Reservation = (writing: Promise<unknown>) => void;

export interface Admission {
  prepare(request: AdmissionRequest): Promise<void>;
  admit(request: AdmissionRequest): void;
  conclude(request: AdmissionRequest): Reservation | undefined;
}

export function isPod({ definition }: AdmissionRequest): boolean {
  return definition.group === '' && definition.plural === 'pods';
}

/** A new pod, not a change of one. */
export function isNewPod(request: AdmissionRequest): boolean {
  return request.operation === 'create' && isPod(request);
}
