import type { PodTemplateSpec } from '../../kube/types.ts';
import { canonicalJson, sameValue } from './equal.ts';

/** The label that tells the pods of a deployment's replica sets apart. */
export const POD_TEMPLATE_HASH = 'pod-template-hash';

/** Upstream's alphabet for hashes in names: no vowels, no look-alikes. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A short stable name for a template; another one for each collision seen. The value differs from upstream's, its form does not. */
export function templateHash(template: PodTemplateSpec | undefined, collisionCount = 0): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(canonicalJson(template ?? {}) + (collisionCount > 0 ? `\n${collisionCount}` : ''))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  let encoded = '';
  for (const char of String(hash)) encoded += ALPHABET[char.charCodeAt(0) % ALPHABET.length];
  return encoded;
}

/** Equal but for the hash label (upstream's EqualIgnoreHash). */
export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return sameValue(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const labels = { ...template?.metadata?.labels };
  delete labels[POD_TEMPLATE_HASH];
  // An emptied label map means the same as none.
  return { spec: template?.spec, metadata: { ...template?.metadata, labels: Object.keys(labels).length === 0 ? undefined : labels } } as PodTemplateSpec;
}
