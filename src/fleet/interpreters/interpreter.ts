/** What is known of a kind. Karmada's resource interpreter, as far as kinds need it. All of it is pure. */
import type { Unstructured } from '../../kube/types.ts';
import type { AggregatedStatusItem, Health, ReplicaRequirements } from '../kinds/binding.ts';

/** Another object that one cannot do without. */
export interface Dependency {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
}

export interface Interpreter {
  /** What of it is divided; undefined: it has no replicas, and every cluster gets it whole. */
  replicas?(object: Unstructured): { replicas: number; requirements?: ReplicaRequirements } | undefined;
  reviseReplica?(object: Unstructured, replicas: number): Unstructured;
  /** `desired` with what the member owns taken from `observed`. Default: nothing is. */
  retain?(desired: Unstructured, observed: Unstructured): Unstructured;
  /** What of a member's object the hub is told. Default: its status. */
  reflectStatus?(object: Unstructured): unknown;
  /** The template with the status that its members' come to; the template itself when that changes nothing. */
  aggregateStatus?(template: Unstructured, items: readonly AggregatedStatusItem[]): Unstructured;
  /** Default: nothing is known of it. */
  health?(object: Unstructured): Health;
  dependencies?(object: Unstructured): Dependency[];
}
