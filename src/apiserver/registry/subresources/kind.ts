/** A subresource that speaks a kind of its own, seen as a resource: for what goes by the kind. */
import type { ResourceDefinition } from '../../engine.ts';

const known = new WeakMap<ResourceDefinition, Map<string, ResourceDefinition>>();

/** Undefined when there is no such subresource. */
export function definitionOfKind(definition: ResourceDefinition, subresource: string): ResourceDefinition | undefined {
  const kind = definition.subresources.find(({ name }) => name === subresource)?.kind;
  if (kind === undefined) return undefined;
  let ofDefinition = known.get(definition);
  if (ofDefinition === undefined) known.set(definition, (ofDefinition = new Map()));
  let found = ofDefinition.get(subresource);
  if (found === undefined) ofDefinition.set(subresource, (found = { ...definition, ...kind, hasStatus: true }));
  return found;
}
