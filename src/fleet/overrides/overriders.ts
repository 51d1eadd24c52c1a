/** Each overrider, in the order in which Karmada applies them: images, commands, arguments, labels, annotations, fields, JSON patches. */
import { parse, stringify } from 'yaml';
import type { Json } from '../../kube/patch/json-value.ts';
import { applyJsonPatch } from '../../kube/patch/json.ts';
import type { Unstructured } from '../../kube/types.ts';
import type { CommandArgsOverrider, FieldOverrider, FieldPatch, LabelAnnotationOverrider, Overriders, PlaintextOverrider } from '../kinds/policy.ts';
import { overrideImages } from './images.ts';
import { pointTo, podSpecPath } from './paths.ts';

/** Throws when a path is not there, or a text is not what it should be. */
export function applyOverriders(object: Unstructured, overriders: Overriders): Unstructured {
  const { imageOverrider, commandOverrider, argsOverrider, labelsOverrider, annotationsOverrider, fieldOverrider, plaintext } = overriders;
  let changed = object;
  for (const overrider of imageOverrider ?? []) changed = overrideImages(changed, overrider);
  for (const overrider of commandOverrider ?? []) changed = overrideWords(changed, 'command', overrider);
  for (const overrider of argsOverrider ?? []) changed = overrideWords(changed, 'args', overrider);
  for (const overrider of labelsOverrider ?? []) changed = overrideMap(changed, 'labels', overrider);
  for (const overrider of annotationsOverrider ?? []) changed = overrideMap(changed, 'annotations', overrider);
  for (const overrider of fieldOverrider ?? []) changed = overrideField(changed, overrider);
  return patched(changed, plaintext ?? []);
}

function patched(object: Unstructured, changes: readonly PlaintextOverrider[]): Unstructured {
  if (changes.length === 0) return object;
  const operations = changes.map(({ path, operator, value }) => ({ op: operator, path, ...(operator === 'remove' ? {} : { value }) }));
  return applyJsonPatch(object as unknown as Json, operations) as unknown as Unstructured;
}

/** Words are added at the end, or all of their kind are taken out; of the container of that name. */
function overrideWords(object: Unstructured, field: 'command' | 'args', { containerName, operator, value = [] }: CommandArgsOverrider): Unstructured {
  const path = podSpecPath(object);
  type Words = { name: string; command?: string[]; args?: string[] };
  const containers = path === undefined ? undefined : (pointTo(object, `${path}/containers`) as Words[] | undefined);
  const i = containers?.findIndex(({ name }) => name === containerName) ?? -1;
  if (containers === undefined || i < 0) return object;
  const words = containers[i]![field] ?? [];
  const wanted = operator === 'add' ? [...words, ...value] : words.filter((word) => !value.includes(word));
  return patched(object, [{ path: `${path}/containers/${i}/${field}`, operator: 'add', value: wanted }]);
}

function overrideMap(object: Unstructured, field: 'labels' | 'annotations', { operator, value = {} }: LabelAnnotationOverrider): Unstructured {
  const map: Record<string, string> = { ...object.metadata[field] };
  for (const [key, own] of Object.entries(value)) {
    if (operator === 'remove') delete map[key];
    else if (operator === 'add' || Object.hasOwn(map, key)) map[key] = own;
  }
  return { ...object, metadata: { ...object.metadata, [field]: map } };
}

/** A text of JSON or YAML is read, changed and written back. */
function overrideField(object: Unstructured, { fieldPath, json = [], yaml = [] }: FieldOverrider): Unstructured {
  const text = pointTo(object, fieldPath);
  if (typeof text !== 'string') throw new Error(`fieldOverrider: ${fieldPath}: is not a text`);
  const operations = (patches: readonly FieldPatch[]): unknown[] =>
    patches.map(({ subPath, operator, value }) => ({ op: operator, path: subPath, ...(operator === 'remove' ? {} : { value }) }));
  let changed = text;
  if (json.length > 0)
    changed = JSON.stringify(
      applyJsonPatch(
        read(fieldPath, () => JSON.parse(changed) as Json),
        operations(json),
      ),
    );
  if (yaml.length > 0)
    changed = stringify(
      applyJsonPatch(
        read(fieldPath, () => parse(changed) as Json),
        operations(yaml),
      ),
    );
  return patched(object, [{ path: fieldPath, operator: 'replace', value: changed }]);
}

function read(fieldPath: string, parseText: () => Json): Json {
  try {
    return parseText();
  } catch (error) {
    throw new Error(`fieldOverrider: ${fieldPath}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
