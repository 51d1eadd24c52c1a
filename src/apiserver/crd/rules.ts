/** x-kubernetes-validations: rules compiled once a schema, and what they say of an object and what it was before. */
import {
  CelError,
  compileExpression,
  CompileError,
  isBudgetExceeded,
  REQUEST_LIMIT,
  types,
  wrap,
  type Budget,
  type Program,
  type Value,
} from '../cel/index.ts';
import { Optional } from '../cel/values.ts';
import type { FieldError } from '../../kube/status.ts';
import { equalJson } from '../../kube/json.ts';
import { celTypeOf } from './cel-types.ts';
import { correlated } from './correlate.ts';
import { isObject, ownSchema, type JsonSchema, type Rule } from './schema.ts';

/** What a rule's expressions compile to; `error` instead for one that does not. */
export interface CompiledRule {
  rule: Rule;
  program?: Program;
  message?: Program;
  error?: string;
  messageError?: string;
  usesOld: boolean;
}

/** Where in a schema there are rules: only branches that lead to some. */
interface RuleTree {
  schema: JsonSchema;
  rules: readonly CompiledRule[];
  properties: ReadonlyMap<string, RuleTree>;
  items?: RuleTree;
  additional?: RuleTree;
}

const MESSAGE_MAX = 5 * 1024;

export function compileRules(schema: JsonSchema, root = false): CompiledRule[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (rules.length === 0) return [];
  const self = celTypeOf(schema, root);
  // Definitions whose rules see nothing are refused.
  if (self === undefined) return [];
  return rules.map((rule): CompiledRule => {
    const variables = { self, oldSelf: rule.optionalOldSelf === true ? types.optional(self) : self };
    const compiled: CompiledRule = { rule, usesOld: false };
    try {
      compiled.program = compileExpression(rule.rule, variables);
      compiled.usesOld = compiled.program.uses.has('oldSelf');
      if (compiled.program.type.kind !== 'bool') compiled.error = 'cel expression must evaluate to a bool';
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      compiled.error = `${error.kind}: ${error.message}`;
    }
    if (compiled.error !== undefined) return compiled;
    if (rule.messageExpression === undefined || rule.messageExpression === '') return compiled;
    try {
      compiled.message = compileExpression(rule.messageExpression, variables);
      if (compiled.message.type.kind !== 'string') compiled.messageError = 'messageExpression must evaluate to a string';
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      compiled.messageError = `messageExpression ${error.kind.replace('program ', '')}: ${error.message}`;
    }
    return compiled;
  });
}

const trees = new WeakMap<JsonSchema, { tree: RuleTree | undefined }>();

function treeOf(schema: JsonSchema, root: boolean): RuleTree | undefined {
  let found = trees.get(schema);
  if (found === undefined) trees.set(schema, (found = { tree: buildTree(schema, root) }));
  return found.tree;
}

function buildTree(schema: JsonSchema, root: boolean): RuleTree | undefined {
  const properties = new Map<string, RuleTree>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const tree = buildTree(property, false);
    if (tree !== undefined) properties.set(name, tree);
  }
  const items = schema.items && buildTree(schema.items, false);
  const additional = typeof schema.additionalProperties === 'object' ? buildTree(schema.additionalProperties, false) : undefined;
  const rules = compileRules(schema, root);
  if (rules.length === 0 && properties.size === 0 && items === undefined && additional === undefined) return undefined;
  return { schema, rules, properties, ...(items === undefined ? {} : { items }), ...(additional === undefined ? {} : { additional }) };
}

/** Whether the schema has rules at all. */
export function hasRules(schema: JsonSchema): boolean {
  return treeOf(schema, true) !== undefined;
}

/** All that rules find wrong. `old` is the object before, absent for a new one: what is wrong with what did not change is only a warning. */
export function checkRules(object: unknown, schema: JsonSchema, old?: unknown, warnings: string[] = []): FieldError[] {
  const tree = treeOf(schema, true);
  if (tree === undefined) return [];
  const check: Check = { errors: [], warnings, budget: { left: REQUEST_LIMIT }, ended: false };
  walk(check, tree, object, old, '', new Continuity(object, old));
  return check.errors;
}

/** A value and what it was: the same or not, found out when somebody asks. */
class Continuity {
  readonly #now: unknown;
  readonly #before: unknown;
  #same: boolean | undefined;

  constructor(now: unknown, before: unknown) {
    this.#now = now;
    this.#before = before;
  }

  get unchanged(): boolean {
    return (this.#same ??= this.#before !== undefined && equalJson(this.#now, this.#before));
  }

  /** Of a part: where what it was cannot be told, it did not change if nothing around it did. */
  of(now: unknown, before: unknown): Continuity {
    return before === undefined ? this : new Continuity(now, before);
  }
}

interface Check {
  errors: FieldError[];
  warnings: string[];
  budget: Budget;
  /** Out of budget: nothing more is looked at. */
  ended: boolean;
}

function walk(check: Check, tree: RuleTree, value: unknown, old: unknown, path: string, around: Continuity): void {
  if (value === null || value === undefined || check.ended) return;
  if (tree.rules.length > 0) evaluateRules(check, tree, value, old ?? undefined, path, around);
  const inside = (part: RuleTree, now: unknown, before: unknown, at: string): void => walk(check, part, now, before, at, around.of(now, before));
  if (Array.isArray(value)) {
    if (tree.items === undefined) return;
    for (const [i, item] of value.entries()) inside(tree.items, item, correlated(tree.schema, old, item), `${path}[${i}]`);
    return;
  }
  if (!isObject(value)) return;
  const before = (name: string): unknown => (isObject(old) && Object.hasOwn(old, name) ? old[name] : undefined);
  for (const [name, property] of tree.properties) {
    if (Object.hasOwn(value, name)) inside(property, value[name], before(name), path === '' ? name : `${path}.${name}`);
  }
  if (tree.additional === undefined) return;
  for (const name of Object.keys(value)) {
    if (ownSchema(tree.schema.properties, name) === undefined) inside(tree.additional, value[name], before(name), `${path}[${name}]`);
  }
}

function evaluateRules(check: Check, { schema, rules }: RuleTree, value: unknown, old: unknown, path: string, around: Continuity): void {
  const type = celTypeOf(schema);
  let self: Value | undefined;
  for (const compiled of rules) {
    const { rule, program, usesOld } = compiled;
    if (check.ended) return;
    if (program === undefined || compiled.error !== undefined) {
      check.errors.push(invalidAt(path, schema, `rule compile error: ${compiled.error}`));
      continue;
    }
    if (usesOld && old === undefined && rule.optionalOldSelf !== true) continue;
    self ??= wrap(value, type);
    const before = old === undefined ? undefined : wrap(old, type);
    const values: Value[] = [self, rule.optionalOldSelf === true ? new Optional(before) : (before ?? null)];
    if (holds(check, compiled, values, schema, path)) continue;
    const found = violation(rule, detailOf(check, compiled, values), schema, value, path);
    // A rule about one state only holds for what was there before, whatever it says.
    if (!usesOld && around.unchanged) check.warnings.push(`${found.field}: ${found.message}`);
    else check.errors.push(found);
  }
}

/** True also when the rule could not be evaluated: then that is the error. */
function holds(check: Check, { rule, program }: CompiledRule, values: Value[], schema: JsonSchema, path: string): boolean {
  const text = rule.rule.trim();
  try {
    return program!.evaluate(values, check.budget) === true;
  } catch (error) {
    if (isBudgetExceeded(error)) {
      check.ended = true;
      const why =
        check.budget.left < 0
          ? 'validation failed due to running out of cost budget, no further validation rules will be run'
          : `'${(error as Error).message}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`;
      check.errors.push(invalidAt(path, schema, why));
      return true;
    }
    if (!(error instanceof CelError)) throw error;
    const why = error.message.startsWith('no such overload')
      ? `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`
      : `${error.message} evaluating rule: ${text}`;
    check.errors.push(invalidAt(path, schema, why));
    return true;
  }
}

function detailOf(check: Check, { rule, message }: CompiledRule, values: Value[]): string {
  if (message !== undefined) {
    try {
      const text = message.evaluate(values, check.budget);
      if (typeof text === 'string' && text.trim() !== '' && !text.trim().includes('\n') && Buffer.byteLength(text) <= MESSAGE_MAX) return text.trim();
    } catch (error) {
      if (!(error instanceof CelError) && !isBudgetExceeded(error)) throw error;
    }
  }
  return rule.message ? rule.message.trim() : `failed rule: ${rule.rule.trim()}`;
}

function invalidAt(path: string, { type }: JsonSchema, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field: path || '<nil>', message: `Invalid value: ${JSON.stringify(type ?? '')}: ${why}` };
}

function violation(rule: Rule, detail: string, { type }: JsonSchema, value: unknown, path: string): FieldError {
  const inner = rule.fieldPath === undefined ? '' : fieldPathOf(rule.fieldPath);
  const field = [path, inner].filter((part) => part !== '').join('.') || '<nil>';
  const shown = type === 'object' || type === 'array' ? '' : `: ${JSON.stringify(value)}`;
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return { reason: rule.reason, field, message: `Forbidden: ${detail}` };
    case 'FieldValueRequired':
      return { reason: rule.reason, field, message: `Required value: ${detail}` };
    case 'FieldValueDuplicate':
      return { reason: rule.reason, field, message: `Duplicate value${shown}` };
    default:
      return { reason: 'FieldValueInvalid', field, message: `Invalid value${shown}: ${detail}` };
  }
}

/** `.spec['a']` as errors show it: `spec.a`. */
function fieldPathOf(path: string): string {
  return path
    .trim()
    .replace(/\['((?:[^'\\]|\\.)*)'\]/g, '.$1')
    .replace(/^\./, '');
}
