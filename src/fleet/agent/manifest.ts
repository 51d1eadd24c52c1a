/** Whether a member's object already is what a manifest says, and what is written where it is not: pure. */
import { createHash } from 'node:crypto';
import { equalJson } from '../../kube/json.ts';
import type { KubeObject, Unstructured } from '../../kube/types.ts';
import * as marks from '../kinds/marks.ts';

/** What was last written into the object: fields that a manifest no longer names are found by it. */
const WRITTEN = 'work.argosy.dev/written';
/** On what was there before the fleet came: it is left there when the fleet goes. */
const ADOPTED = 'work.argosy.dev/adopted';

const MARKS = [marks.WORK_NAMESPACE, marks.WORK_NAME, marks.CONFLICT_RESOLUTION, marks.TEMPLATE_UID, marks.TEMPLATE_GENERATION, WRITTEN, ADOPTED] as const;

export function hashOf(manifest: KubeObject): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('base64url').slice(0, 16);
}

/** Whether the object belongs to the work. */
export function belongsTo(observed: KubeObject, work: { namespace: string; name: string }): boolean {
  const { annotations = {} } = observed.metadata;
  return annotations[marks.WORK_NAMESPACE] === work.namespace && annotations[marks.WORK_NAME] === work.name;
}

export function isManaged(observed: KubeObject): boolean {
  return observed.metadata.annotations?.[marks.WORK_NAME] !== undefined;
}

export const isAdopted = ({ metadata: { annotations = {} } }: KubeObject): boolean => annotations[ADOPTED] === 'true';

/** The manifest as it is applied, with the marks by which the next look knows that nothing is to be done. */
export function marked(manifest: KubeObject, observed: KubeObject | undefined): KubeObject {
  const isFound = observed !== undefined && (!isManaged(observed) || isAdopted(observed));
  return {
    ...manifest,
    metadata: {
      ...manifest.metadata,
      annotations: { ...manifest.metadata.annotations, [WRITTEN]: hashOf(manifest), ...(isFound ? { [ADOPTED]: 'true' } : {}) },
    },
  };
}

/** Whether the object has all that the manifest says, and was last written from this very manifest. */
export function isUpToDate(observed: KubeObject, manifest: KubeObject): boolean {
  return observed.metadata.annotations?.[WRITTEN] === hashOf(manifest) && holds(observed, manifest);
}

/** Whether everything in `part` is in `whole`: servers fill in fields, in elements of lists too. */
function holds(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part))
    return part.length === 0
      ? !Array.isArray(whole) || whole.length === 0
      : Array.isArray(whole) && whole.length === part.length && part.every((item, i) => holds(whole[i], item));
  if (typeof part === 'object' && part !== null) {
    if (typeof whole !== 'object' || whole === null) return Object.keys(part).length === 0;
    return Object.entries(part).every(([key, value]) => holds((whole as Unstructured)[key], value));
  }
  return equalJson(whole, part) || part === null;
}

/** A merge patch that takes the fleet's marks off and leaves everything else. */
export function release(): unknown {
  return {
    metadata: { labels: { [marks.MANAGED]: null }, annotations: Object.fromEntries(MARKS.map((mark) => [mark, null])) },
  };
}
