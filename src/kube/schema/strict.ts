/** Decoding with eyes open: duplicate keys, unknown fields and wrong types are found, in one walk each. */
import type { FieldSchema, Scalar, TypeSchema } from './index.ts';

export interface FieldCheck {
  /** Paths of fields the type does not have ('spec.foo', 'spec.containers[0].bar'). */
  unknown: string[];
  /** Upstream's texts about values of the wrong type. */
  typeErrors: string[];
}

const MAX_DEPTH = 200;

/**
 * Finds unknown fields and values of the wrong type; with `prune` it also deletes the unknown ones, in place.
 * Null counts as absent, as in Go.
 */
export function checkFields(value: unknown, type: TypeSchema, options: { prune?: boolean } = {}): FieldCheck {
  const found: FieldCheck = { unknown: [], typeErrors: [] };
  checkObject(value, type, '', found, options.prune === true, 0);
  return found;
}

/** Deletes what the type does not know, in place; answers the paths deleted. */
export function pruneUnknown(value: unknown, type: TypeSchema): string[] {
  return checkFields(value, type, { prune: true }).unknown;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkObject(value: unknown, type: TypeSchema, path: string, found: FieldCheck, prune: boolean, depth: number): void {
  if (!isObject(value) || depth > MAX_DEPTH) return;
  const { fields } = type;
  // `for in` over own keys: bodies come from JSON, so the prototype has none; the fastest way to walk an object.
  for (const name in value) {
    const field = fields.get(name);
    if (field === undefined) {
      found.unknown.push(path === '' ? name : `${path}.${name}`);
      if (prune) delete value[name];
      continue;
    }
    const fieldValue = value[name];
    if (fieldValue === null || fieldValue === undefined) continue;
    checkField(fieldValue, field, type, path, found, prune, depth);
  }
}

function checkField(value: unknown, field: FieldSchema, owner: TypeSchema, path: string, found: FieldCheck, prune: boolean, depth: number): void {
  const { type, container } = field;
  if (container === 'list') {
    if (!Array.isArray(value)) return wrongType(value, field, owner, path, found);
    if (typeof type === 'string' && type === 'string') {
      for (const item of value) if (typeof item !== 'string' && item !== null) return wrongType(item, field, owner, path, found);
    } else {
      for (let i = 0; i < value.length; i++) checkValue(value[i], field, owner, path, `[${i}]`, found, prune, depth);
    }
    return;
  }
  if (container === 'map') {
    if (!isObject(value)) return wrongType(value, field, owner, path, found);
    for (const key in value) checkValue(value[key], field, owner, path, `.${key}`, found, prune, depth);
    return;
  }
  checkValue(value, field, owner, path, '', found, prune, depth);
}

function checkValue(value: unknown, field: FieldSchema, owner: TypeSchema, path: string, suffix: string, found: FieldCheck, prune: boolean, depth: number): void {
  if (value === null || value === undefined) return;
  const { type } = field;
  if (typeof type !== 'string') {
    if (!isObject(value)) return wrongType(value, field, owner, path, found);
    const fieldPath = path === '' ? field.name + suffix : `${path}.${field.name}${suffix}`;
    return checkObject(value, type, fieldPath, found, prune, depth + 1);
  }
  if (!hasType(value, type)) wrongType(value, field, owner, path, found);
}

function hasType(value: unknown, type: Scalar): boolean {
  switch (type) {
    case 'string': case 'bytes': case 'time': case 'microTime': case 'duration': return typeof value === 'string';
    case 'boolean': return typeof value === 'boolean';
    case 'int32': return Number.isInteger(value) && Math.abs(value as number) <= 2 ** 31;
    case 'int64': return Number.isInteger(value);
    case 'float64': return typeof value === 'number';
    case 'quantity': return typeof value === 'string' || typeof value === 'number';
    case 'intOrString': return typeof value === 'string' || Number.isInteger(value);
    case 'strings': return Array.isArray(value);
    case 'fieldsV1': return isObject(value);
    case 'raw': case 'any': return true;
  }
}

const GO_TYPES: Record<string, string> = {
  string: 'string', bytes: '[]uint8', time: 'v1.Time', microTime: 'v1.MicroTime', boolean: 'bool', int32: 'int32', int64: 'int64', float64: 'float64',
  quantity: 'resource.Quantity', intOrString: 'intstr.IntOrString', duration: 'v1.Duration', strings: '[]string', fieldsV1: 'v1.FieldsV1',
};

/** 'io.k8s.api.core.v1.PodSpec' → 'v1.PodSpec', as Go names it. */
function goName(type: TypeSchema): string {
  return type.name.split('.').slice(-2).join('.');
}

function wrongType(value: unknown, field: FieldSchema, owner: TypeSchema, path: string, found: FieldCheck): void {
  const actual = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value === 'number' && !Number.isInteger(value) ? `number ${value}` : typeof value;
  const element = typeof field.type === 'string' ? (GO_TYPES[field.type] ?? field.type) : goName(field.type);
  const wanted = field.container === 'list' && !(Array.isArray(value) && typeof field.type === 'string') ? `[]${element}` : field.container === 'map' ? `map[string]${element}` : element;
  const struct = owner.name.split('.').at(-1) ?? '';
  const fieldPath = (path === '' ? field.name : `${path}.${field.name}`).replace(/\[\d+\]/g, '');
  found.typeErrors.push(`json: cannot unmarshal ${actual} into Go struct field ${struct}.${fieldPath} of type ${wanted}`);
}
