/** The number behind a pod's priorityClassName; at most one class is the default. */
import { forbidden } from '../../kube/status.ts';
import type { Pod, PriorityClass } from '../../kube/types.ts';
import { lookUp, targetOf, type RegistryWorld } from '../registry/world.ts';
import { isNewPod, type AdmissionPlugin, type AdmissionRequest } from './plugin.ts';

function classesOf({ store }: RegistryWorld): PriorityClass[] {
  const collection = store.collection('scheduling.k8s.io/priorityclasses');
  // The collection holds priority classes only.
  return Array.from(collection.range(), ([, stored]) => stored.object as PriorityClass);
}

/** Where two say they are the default (both made at once), the lower one is. */
function defaultClass(world: RegistryWorld): PriorityClass | undefined {
  const defaults = classesOf(world).filter(({ globalDefault }) => globalDefault === true);
  return defaults.reduce<PriorityClass | undefined>((least, c) => (least === undefined || (c.value ?? 0) < (least.value ?? 0) ? c : least), undefined);
}

function admitPod({ world, definition, object, key }: AdmissionRequest): void {
  const { spec } = object as Pod;
  if (spec === undefined) return;
  const name = spec.priorityClassName;
  const found = name ? lookUp<PriorityClass>(world, 'scheduling.k8s.io', 'priorityclasses', name) : defaultClass(world);
  if (name && found === undefined) throw forbidden(targetOf(definition, key.name), `no PriorityClass with name ${name} was found`);
  const value = found?.value ?? 0;
  if (spec.priority !== undefined && spec.priority !== value) {
    throw forbidden(
      targetOf(definition, key.name),
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    );
  }
  const policy = (found?.preemptionPolicy ?? 'PreemptLowerPriority') as 'PreemptLowerPriority' | 'Never';
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw forbidden(
      targetOf(definition, key.name),
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    );
  }
  if (found?.metadata.name !== undefined) spec.priorityClassName = found.metadata.name;
  spec.priority = value;
  spec.preemptionPolicy = policy;
}

function admitClass({ world, definition, object, key }: AdmissionRequest): void {
  if ((object as PriorityClass).globalDefault !== true) return;
  const other = classesOf(world).find((c) => c.globalDefault === true && c.metadata.name !== key.name);
  if (other !== undefined) {
    throw forbidden(targetOf(definition, key.name), `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`);
  }
}

export const priority: AdmissionPlugin = {
  name: 'Priority',
  admit(request) {
    if (isNewPod(request)) admitPod(request);
    else if (request.definition.group === 'scheduling.k8s.io' && request.definition.plural === 'priorityclasses') admitClass(request);
  },
};
