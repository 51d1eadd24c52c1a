/** What a mutating reviewer makes of an object: shown in the version it asked for, and taken over when it is done. */
import { copyJson, equalJson } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { ResourceDefinition } from '../engine.ts';
import { strategyOf } from '../registry/strategy.ts';
import type { ReviewRequest } from './review.ts';

export function convert(object: KubeObject, from: ResourceDefinition, to: ResourceDefinition, { kind }: ReviewRequest): KubeObject {
  if (from === to || kind !== undefined) return object;
  const stored = from.convert?.toStorage(object) ?? object;
  return to.convert?.fromStorage(stored) ?? stored;
}

/** Leaves out what the request's kind does not have, and fills in its defaults; bodies of subresources stay as they are. */
export function shapeMutated({ definition, kind }: ReviewRequest, next: KubeObject): { unknown: string[]; typeErrors: string[] } {
  if (kind !== undefined) return { unknown: [], typeErrors: [] };
  const strategy = strategyOf(definition);
  const found = strategy.prune(next);
  if (found.typeErrors.length === 0) strategy.applyDefaults(next);
  return found;
}

/** The request goes on with the object it has: its content changes, not its identity. Says whether it did. */
export function takeOver(target: KubeObject, source: KubeObject): boolean {
  const before = copyJson(target);
  for (const name of Object.keys(target)) delete (target as unknown as Record<string, unknown>)[name];
  Object.assign(target, source);
  return !equalJson(before, target);
}
