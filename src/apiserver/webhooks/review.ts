/** What those who review a write (webhooks, policies) are asked, and what they may do. */
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { RequestContext, ResourceDefinition } from '../engine.ts';

export interface ReviewRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  definition: ResourceDefinition;
  ctx: RequestContext;
  key: ObjectKey;
  /** May be changed by mutating reviewers; absent for deletions. */
  object?: KubeObject;
  /** Shared: not to be changed. */
  old?: KubeObject;
  subresource?: string;
  /** What `object` is when it is not of the definition's kind: the body of a subresource. */
  kind?: { group: string; version: string; kind: string };
}

/** The reviewers of one write. Both phases reject with the StatusError that ends the request. */
export interface Review {
  /** Mutating reviewers change `request.object` in place, one after the other. */
  mutate(): Promise<void>;
  /** Once more, after all have had their turn, for those that want to know what others made of it. */
  reinvoke?(): Promise<void>;
  /** Validating reviewers, all at once, after the object was found valid. */
  validate(): Promise<void>;
}

export interface Reviewers {
  /** Undefined, nearly always: nobody wants to see this write. Synchronous, and free where nothing is configured. */
  of(request: ReviewRequest): Review | undefined;
}

/** Their own configuration is not theirs to review: a wrong one must stay mendable. */
export function isExempt({ group }: ResourceDefinition): boolean {
  return group === 'admissionregistration.k8s.io';
}

/** The group and version an object under review has to be shown in. */
export function kindOfReview({ definition, kind }: ReviewRequest): { group: string; version: string; kind: string } {
  return kind ?? { group: definition.group, version: definition.version, kind: definition.kind };
}
