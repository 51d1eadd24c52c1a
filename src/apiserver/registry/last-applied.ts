/** From client-side apply to server-side: what `kubectl apply` noted in its annotation, kubectl may take over without a conflict. */
import { compareObjects } from '../../kube/apply/compare.ts';
import type { Conflict } from '../../kube/apply/conflicts.ts';
import { fieldsOf } from '../../kube/apply/extract.ts';
import { difference, EMPTY, isEmpty } from '../../kube/apply/field-set.ts';
import type { ObjectShape } from '../../kube/apply/shape.ts';
import type { KubeObject } from '../../kube/types.ts';

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** The conflicts about fields that are not as kubectl left them. */
export function leftByLastApplied(conflicts: Conflict[], live: KubeObject, shape: ObjectShape): Conflict[] {
  const last = parsed(live.metadata.annotations?.[ANNOTATION]);
  if (last === undefined || last.apiVersion !== live.apiVersion) return conflicts;
  const { added = EMPTY, modified = EMPTY, removed = EMPTY } = compareObjects(last, live, shape) ?? {};
  const allowed = [modified, added, removed].reduce((left, set) => difference(left, set), fieldsOf(last, shape));
  return conflicts.map((conflict) => ({ ...conflict, fields: difference(conflict.fields, allowed) })).filter(({ fields }) => !isEmpty(fields));
}

function parsed(text: string | undefined): KubeObject | undefined {
  if (!text) return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as KubeObject) : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the note true where there is one, so that client-side apply can go on from here. */
export function syncLastApplied(object: KubeObject, configuration: KubeObject): KubeObject {
  if (!object.metadata.annotations?.[ANNOTATION]) return object;
  const metadata = { ...configuration.metadata };
  if (metadata.annotations !== undefined) {
    const { [ANNOTATION]: _note, ...annotations } = metadata.annotations;
    metadata.annotations = annotations;
  }
  // Upstream's encoder has members by name and ends the text with a line feed.
  const note = `${JSON.stringify(sorted({ ...configuration, metadata }))}\n`;
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [ANNOTATION]: note } } };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}
