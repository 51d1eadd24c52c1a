/** What the API refuses about the schema of a custom resource, with upstream's fields and words. */
import { forbiddenField, invalidValue, notSupported, required, duplicate } from '../../kube/validation/field.ts';
import { schemaPaths } from '../../kube/validation/definitions.ts';
import { equalJson } from '../../kube/json.ts';
import type { FieldError } from '../../kube/status.ts';
import type { CustomResourceDefinition } from '../../kube/types.ts';
import { regexOf } from '../cel/regex.ts';
import { celTypeOf, mostOften, sizesOf } from './cel-types.ts';
import { embeddedErrors, listErrors } from './invariants.ts';
import { elementsAtMost, RuleCosts } from './rule-costs.ts';
import { compileRules, type CompiledRule } from './rules.ts';
import type { JsonSchema, Rule } from './schema.ts';
import { prune } from './shape.ts';
import { validateAgainst } from './validate.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
/** Must not appear where a schema only narrows another: in allOf, anyOf, oneOf and not. */
const STRUCTURE_ONLY: [keyof JsonSchema, string][] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

/** Of all versions; a schema that `old` has, too, was accepted once and stays so. */
export function validateSchemas({ spec }: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  const versions = spec?.versions ?? [];
  const known = new Map(old?.spec.versions.map(({ name, schema }) => [name, schema?.openAPIV3Schema]));
  return schemaPaths(versions).flatMap((path, i) => {
    const schema = schemaOf(versions[i]);
    return schema === undefined || equalJson(known.get(versions[i]?.name ?? ''), schema) ? [] : validateSchema(schema, path);
  });
}

/** What is not structural in a definition that an older server took. */
export function structuralErrors({ spec }: CustomResourceDefinition): FieldError[] {
  const walk: Walk = { errors: [], rules: [], structureOnly: true };
  if (spec.preserveUnknownFields) walk.errors.push(invalidValue('spec.preserveUnknownFields', true, 'must be false'));
  for (const [i, version] of spec.versions.entries()) {
    const schema = schemaOf(version);
    if (schema !== undefined) checkLevel(walk, schema, `spec.versions[${i}].schema.openAPIV3Schema`, 'root', ROOT);
  }
  return walk.errors;
}

function schemaOf(version: CustomResourceDefinition['spec']['versions'][number] | undefined): JsonSchema | undefined {
  return version?.schema?.openAPIV3Schema as JsonSchema | undefined;
}

type Level = 'root' | 'item' | 'field';

/** A schema with rules, and what they are judged by. */
interface RulesAt {
  path: string;
  schema: JsonSchema;
  root: boolean;
  uncorrelatable: string | undefined;
  /** How often it may occur in an object; undefined when only the size of a request bounds it. */
  cardinality: number | undefined;
}

/** What a level has from those above it. */
type Above = Pick<RulesAt, 'uncorrelatable' | 'cardinality'>;

interface Walk {
  errors: FieldError[];
  /** Rules are compiled once the schema itself is right. */
  rules: RulesAt[];
  /** Not whether its values are right. */
  structureOnly?: boolean;
}

const ROOT: Above = { uncorrelatable: undefined, cardinality: 1 };

export function validateSchema(schema: JsonSchema, path: string): FieldError[] {
  const walk: Walk = { errors: [], rules: [] };
  checkLevel(walk, schema, path, 'root', ROOT);
  if (walk.errors.length > 0) return walk.errors;
  const costs = new RuleCosts();
  const errors = walk.rules.flatMap((rules) => rulesErrors(rules, costs));
  return [...errors, ...costs.errors(path)];
}

function checkLevel(walk: Walk, schema: JsonSchema, path: string, level: Level, above: Above): void {
  const { errors } = walk;
  const { uncorrelatable } = above;
  checkType(errors, schema, path, level);
  checkExtensions(errors, schema, path, level);
  if (!walk.structureOnly) checkValues(errors, schema, path);
  const rules = schema['x-kubernetes-validations'] ?? [];
  for (const [i, rule] of rules.entries()) checkRule(errors, rule, `${path}.x-kubernetes-validations[${i}]`);
  const elements = elementsAtMost(schema);
  const cardinality = above.cardinality === undefined || elements === undefined ? undefined : above.cardinality * elements;
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    checkLevel(walk, property, `${path}.properties[${name}]`, 'field', { uncorrelatable, cardinality });
  if (schema.items !== undefined) {
    const inside = schema['x-kubernetes-list-type'] === 'map' ? uncorrelatable : (uncorrelatable ?? path);
    checkLevel(walk, schema.items, `${path}.items`, 'item', { uncorrelatable: inside, cardinality });
  }
  if (typeof schema.additionalProperties === 'object')
    checkLevel(walk, schema.additionalProperties, `${path}.additionalProperties`, 'field', {
      uncorrelatable: schema['x-kubernetes-map-type'] === 'atomic' ? (uncorrelatable ?? path) : uncorrelatable,
      cardinality,
    });
  // Those below come first, as upstream tells them.
  if (rules.length > 0) walk.rules.push({ path, schema, root: level === 'root', ...above });
  checkNarrowing(errors, schema, path, schema['x-kubernetes-int-or-string'] === true);
}

function checkType(errors: FieldError[], schema: JsonSchema, path: string, level: Level): void {
  const type = schema.type || undefined;
  const at = `${path}.type`;
  const open = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (level === 'root') {
    if (type === undefined) errors.push(required(at, 'must not be empty at the root'));
    else if (type !== 'object') errors.push(invalidValue(at, type, 'must be object at the root'));
    if (schema.additionalProperties !== undefined && schema.additionalProperties !== false)
      errors.push(forbiddenField(`${path}.additionalProperties`, 'must not be used at the root'));
  } else if (type === undefined && !open) {
    errors.push(required(at, level === 'item' ? 'must not be empty for specified array items' : 'must not be empty for specified object fields'));
  }
  if (type !== undefined && !TYPES.includes(type)) errors.push(notSupported(at, type, TYPES));
  if (type === 'array' && schema.items === undefined) errors.push(required(`${path}.items`, 'must be specified'));
  if (schema.properties !== undefined && schema.additionalProperties !== undefined && schema.additionalProperties !== false)
    errors.push(forbiddenField(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
}

function checkExtensions(errors: FieldError[], schema: JsonSchema, path: string, level: Level): void {
  const preserve = schema['x-kubernetes-preserve-unknown-fields'];
  if ((preserve as unknown) === false) errors.push(invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (schema.type !== undefined) errors.push(invalidValue(`${path}.type`, schema.type, 'must be empty if x-kubernetes-int-or-string is true'));
    if (preserve) errors.push(invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, true, 'must be false if x-kubernetes-int-or-string is true'));
  }
  if (schema['x-kubernetes-embedded-resource'] === true && level !== 'root') {
    if (schema.type === undefined) errors.push(required(`${path}.type`, 'must be object if x-kubernetes-embedded-resource is true'));
    else if (schema.type !== 'object') errors.push(invalidValue(`${path}.type`, schema.type, 'must be object if x-kubernetes-embedded-resource is true'));
    if (schema.properties === undefined && !preserve)
      errors.push(required(`${path}.properties`, 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'));
  }
  checkList(errors, schema, path);
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined && !['atomic', 'granular'].includes(mapType))
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
  const metadata = schema.properties?.['metadata'];
  if ((level === 'root' || schema['x-kubernetes-embedded-resource'] === true) && metadata !== undefined) {
    if (Object.keys(metadata.properties ?? {}).some((name) => name !== 'name' && name !== 'generateName'))
      errors.push(
        forbiddenField(`${path}.properties[metadata]`, 'must not specify anything other than name and generateName, but metadata is implicitly specified'),
      );
  }
}

function checkList(errors: FieldError[], schema: JsonSchema, path: string): void {
  const type = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (type === undefined && keys.length === 0) return;
  if (type !== undefined && schema.type !== 'array') {
    errors.push(
      schema.type === undefined
        ? required(`${path}.type`, 'must be array if x-kubernetes-list-type is specified')
        : invalidValue(`${path}.type`, schema.type, 'must be array if x-kubernetes-list-type is specified'),
    );
  }
  if (type !== undefined && !['atomic', 'map', 'set'].includes(type))
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, type, ['atomic', 'map', 'set']));
  if (type !== 'map') {
    if (keys.length > 0) {
      const at = `${path}.x-kubernetes-list-type`;
      errors.push(
        type === undefined
          ? required(at, 'must be map if x-kubernetes-list-map-keys is non-empty')
          : invalidValue(at, type, 'must be map if x-kubernetes-list-map-keys is non-empty'),
      );
    }
    return;
  }
  if (keys.length === 0) errors.push(required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'));
  if (schema.items?.type !== 'object')
    return void errors.push(invalidValue(`${path}.items.type`, schema.items?.type, "must be object if parent array's x-kubernetes-list-type is map"));
  for (const [i, key] of keys.entries()) {
    const at = `${path}.x-kubernetes-list-map-keys[${i}]`;
    const property = schema.items.properties?.[key];
    if (keys.indexOf(key) < i) errors.push(duplicate(at, key));
    if (property === undefined) errors.push(invalidValue(at, key, 'entries must all be names of item properties'));
    else if (property.default === undefined && !(schema.items.required ?? []).includes(key))
      errors.push(
        required(
          `${path}.items.properties[${key}].default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
  }
}

function checkValues(errors: FieldError[], schema: JsonSchema, path: string): void {
  if (schema.pattern !== undefined) {
    try {
      regexOf(schema.pattern);
    } catch (error) {
      errors.push(invalidValue(`${path}.pattern`, schema.pattern, `must be a valid regular expression, but isn't: ${(error as Error).message}`));
    }
  }
  if (schema.uniqueItems === true)
    errors.push(forbiddenField(`${path}.uniqueItems`, 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'));
  if (schema.default === undefined) return;
  const copy = structuredClone(schema.default);
  for (const field of prune(copy, schema, '', false)) errors.push(invalidValue(`${path}.default.${field}`, schema.default, 'must not have unknown fields'));
  const found = [embeddedErrors, validateAgainst, listErrors].flatMap((errorsOf) => errorsOf(schema.default, schema));
  for (const { reason, field, message } of found) {
    errors.push({ reason, field: field === '<nil>' || field === '' ? `${path}.default` : `${path}.default.${field}`, message });
  }
}

function checkNarrowing(errors: FieldError[], schema: JsonSchema, path: string, intOrString: boolean): void {
  const narrowing: [JsonSchema, string][] = (['allOf', 'anyOf', 'oneOf'] as const).flatMap((name) =>
    (schema[name] ?? []).map((part, i): [JsonSchema, string] => [part, `${path}.${name}[${i}]`]),
  );
  if (schema.not !== undefined) narrowing.push([schema.not, `${path}.not`]);
  for (const [part, at] of narrowing) {
    // The way int-or-string is written out.
    const writtenOut = intOrString && (part.type === 'integer' || part.type === 'string' || part.anyOf !== undefined);
    for (const [name, why] of STRUCTURE_ONLY) {
      if (part[name] !== undefined && part[name] !== false && !(name === 'type' && writtenOut)) errors.push(forbiddenField(`${at}.${name}`, why));
    }
    checkNarrowing(errors, part, at, writtenOut);
    for (const [name, property] of Object.entries(part.properties ?? {})) checkNarrowing(errors, { allOf: [property] }, `${at}.properties[${name}]`, false);
  }
}

function checkRule(errors: FieldError[], rule: Rule, at: string): void {
  const message = rule.message?.trim() ?? '';
  if ((rule.rule ?? '').trim() === '') errors.push(required(`${at}.rule`, 'rule is not specified'));
  else if (rule.message && message === '') errors.push(invalidValue(`${at}.message`, rule.message, 'must be non-empty if specified'));
  else if (message.includes('\n')) errors.push(invalidValue(`${at}.message`, rule.message, 'must not contain line breaks'));
  else if (rule.rule.trim().includes('\n') && message === '') errors.push(required(`${at}.message`, 'message must be specified if rule contains line breaks'));
  if (rule.messageExpression && rule.messageExpression.trim() === '')
    errors.push(required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'));
  if (rule.reason !== undefined && !REASONS.includes(rule.reason)) errors.push(notSupported(`${at}.reason`, rule.reason, REASONS));
  if (rule.fieldPath && !/^(?:\.[A-Za-z_][\w-]*|\['[^']+'\])+$/.test(rule.fieldPath.trim()))
    errors.push(invalidValue(`${at}.fieldPath`, rule.fieldPath, 'must be a valid path'));
}

function rulesErrors({ path, schema, root, uncorrelatable, cardinality }: RulesAt, costs: RuleCosts): FieldError[] {
  const at = `${path}.x-kubernetes-validations`;
  if (celTypeOf(schema, root) === undefined) {
    const why = 'failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations';
    return [{ reason: 'InternalError', field: at, message: `Internal error: internal error: ${why}` }];
  }
  const sizes = sizesOf(schema, root);
  return compileRules(schema, root).flatMap((compiled, i) => {
    const { program, message } = compiled;
    const often = cardinality ?? mostOften(schema, root);
    return [
      ...(program === undefined ? [] : costs.add(`${at}[${i}].rule`, 'rule', program.costAtMost(sizes) * often)),
      ...(message === undefined ? [] : costs.add(`${at}[${i}].messageExpression`, 'messageExpression', message.costAtMost(sizes))),
      ...ruleErrors(compiled, `${at}[${i}]`, uncorrelatable),
    ];
  });
}

function ruleErrors({ rule, error, messageError, usesOld }: CompiledRule, at: string, uncorrelatable: string | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const shown = goRule(rule);
  if (error !== undefined) errors.push({ reason: 'FieldValueInvalid', field: `${at}.rule`, message: `Invalid value: ${shown}: ${error}` });
  if (messageError !== undefined)
    errors.push({ reason: 'FieldValueInvalid', field: `${at}.messageExpression`, message: `Invalid value: ${shown}: ${messageError}` });
  if (usesOld && uncorrelatable !== undefined) {
    errors.push(invalidValue(`${at}.rule`, rule.rule, `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`));
  }
  if (!usesOld && rule.optionalOldSelf !== undefined && error === undefined)
    errors.push(invalidValue(`${at}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'));
  return errors;
}

/** A rule as upstream shows it: its inner form as Go's JSON, which escapes what HTML would take for itself. */
function goRule({ rule, message = '', messageExpression = '', reason, fieldPath = '', optionalOldSelf }: Rule): string {
  const text = JSON.stringify({
    Rule: rule,
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason ?? null,
    FieldPath: fieldPath,
    OptionalOldSelf: optionalOldSelf ?? null,
  });
  return text.replaceAll(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
