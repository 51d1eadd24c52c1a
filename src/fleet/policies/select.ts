/** Whether a resource selector of a policy names an object. */
import { matcherOf } from '../../kube/selectors.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { ResourceSelector } from '../kinds/policy.ts';

/** How: by its name, by its labels, or as one of all of the kind; undefined: not at all. With a name the labels are not looked at. */
export function selects(selector: ResourceSelector, object: KubeObject): 'name' | 'label' | 'all' | undefined {
  const { metadata } = object;
  if (selector.apiVersion !== object.apiVersion || selector.kind !== object.kind) return undefined;
  if ((selector.namespace ?? '') !== '' && selector.namespace !== metadata.namespace) return undefined;
  if ((selector.name ?? '') !== '') return selector.name === metadata.name ? 'name' : undefined;
  if (selector.labelSelector === undefined) return 'all';
  return matcherOf(selector.labelSelector)(metadata.labels) ? 'label' : undefined;
}
