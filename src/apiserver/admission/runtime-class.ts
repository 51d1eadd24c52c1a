/** What a pod's runtime class says of overhead and of nodes becomes the pod's own. Source: KEP-688, KEP-585. */
import { isDeepStrictEqual } from 'node:util';
import { compareQuantities } from '../../kube/quantity.ts';
import { forbidden } from '../../kube/status.ts';
import type { Pod, PodSpec, RuntimeClass } from '../../kube/types.ts';
import { lookUp, targetOf } from '../registry/world.ts';
import { isNewPod, type AdmissionPlugin, type AdmissionRequest } from './plugin.ts';

type Toleration = NonNullable<PodSpec['tolerations']>[number];
type Amounts = Record<string, string | number>;

const MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
const UNFOUNDED = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead';

export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',
  admit(request) {
    if (!isNewPod(request)) return;
    const { spec } = request.object as Pod;
    const found = classOf(request);
    if (spec === undefined || found === undefined) return;
    if (found.overhead !== undefined) {
      const { podFixed } = found.overhead;
      if (Object.keys(spec.overhead ?? {}).length > 0 && !sameAmounts(podFixed, spec.overhead)) throw refused(request, MISMATCH);
      if (podFixed === undefined) delete spec.overhead;
      else spec.overhead = { ...podFixed };
    }
    if (found.scheduling !== undefined) schedule(request, spec, found.scheduling);
  },
  /** Webhooks may have changed what `admit` has set. */
  conclude(request) {
    if (!isNewPod(request)) return undefined;
    const { spec } = request.object as Pod;
    const overhead = classOf(request)?.overhead;
    if (overhead === undefined) {
      if (spec?.overhead !== undefined) throw refused(request, UNFOUNDED);
    } else if (!sameAmounts(overhead.podFixed, spec?.overhead)) throw refused(request, MISMATCH);
    return undefined;
  },
};

function refused({ definition, key }: AdmissionRequest, why: string): Error {
  return forbidden(targetOf(definition, key.name), why);
}

function classOf(request: AdmissionRequest): RuntimeClass | undefined {
  const name = (request.object as Pod).spec?.runtimeClassName;
  if (name === undefined) return undefined;
  const found = lookUp<RuntimeClass>(request.world, 'node.k8s.io', 'runtimeclasses', name);
  if (found === undefined) throw refused(request, `pod rejected: RuntimeClass "${name}" not found`);
  return found;
}

function sameAmounts(a: Amounts = {}, b: Amounts = {}): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => b[name] !== undefined && compareQuantities(a[name] ?? '0', b[name]) === 0);
}

function schedule(request: AdmissionRequest, spec: PodSpec, { nodeSelector, tolerations }: NonNullable<RuntimeClass['scheduling']>): void {
  for (const [key, wanted] of Object.entries(nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== wanted)
      throw refused(request, `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${wanted}; pod.spec.nodeSelector[${key}] = ${own}`);
  }
  if (nodeSelector !== undefined) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  const merged = mergeTolerations([...(spec.tolerations ?? []), ...(tolerations ?? [])]);
  if (merged.length > 0) spec.tolerations = merged;
}

/** Those that tolerate no more than another does are left out; of equals the first stays. */
function mergeTolerations(all: readonly Toleration[]): Toleration[] {
  const merged: Toleration[] = [];
  for (const [i, one] of all.entries()) {
    const redundant =
      merged.some((other) => toleratesAll(other, one)) || all.slice(i + 1).some((other) => !isDeepStrictEqual(one, other) && toleratesAll(other, one));
    if (!redundant) merged.push(one);
  }
  return merged;
}

/** Whether `wide` tolerates all that `narrow` does. */
function toleratesAll(wide: Toleration, narrow: Toleration): boolean {
  if (isDeepStrictEqual(wide, narrow)) return true;
  const { operator = 'Equal', effect = '' } = wide;
  if ((narrow.key ?? '') !== (wide.key ?? '') && (wide.key || operator !== 'Exists')) return false;
  if (effect !== '' && effect !== narrow.effect) return false;
  if (effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (operator === 'Exists') return true;
  return narrow.operator === 'Equal' && (narrow.value ?? '') === (wide.value ?? '');
}
