/** What a policy's expressions would stumble over, told before they do: each is compiled for every kind that the policy names. */
import { CompileError, compileExpression, types } from '../cel/index.ts';
import type { ResourceDefinition } from '../engine.ts';
import type { Rule } from '../webhooks/types.ts';
import { apiTypeOf } from './cel-types.ts';
import { typeOf, visible, type Variables } from './compile.ts';
import type { ExpressionWarning, ValidatingAdmissionPolicy } from './types.ts';

/** Kinds looked at of one rule. */
const KINDS_MAX = 10;

type Kind = Pick<ResourceDefinition, 'group' | 'version' | 'kind' | 'custom'>;

/** Of validations and their messages, in their order; kinds that `definitions` does not have are left out. */
export function expressionWarnings({ spec }: ValidatingAdmissionPolicy, definitions: readonly ResourceDefinition[]): ExpressionWarning[] {
  const worlds = kindsOf(spec.matchConstraints?.resourceRules ?? [], definitions).flatMap((kind) => {
    const object = apiTypeOf(kind);
    return object === undefined ? [] : [{ kind, variables: variablesFor(spec, object, definitions) }];
  });
  const warnings: ExpressionWarning[] = [];
  const check = (fieldRef: string, expression: string | undefined): void => {
    if (!expression) return;
    const found = worlds.flatMap(({ kind, variables }) => {
      const why = problem(expression, variables);
      return why === undefined ? [] : [`${kind.group}/${kind.version}, Kind=${kind.kind}: ${why}\n`];
    });
    if (found.length > 0) warnings.push({ fieldRef, warning: found.join('\n') });
  };
  for (const [i, { expression, messageExpression }] of (spec.validations ?? []).entries()) {
    check(`spec.validations[${i}].expression`, expression);
    check(`spec.validations[${i}].messageExpression`, messageExpression);
  }
  return warnings;
}

function variablesFor(spec: ValidatingAdmissionPolicy['spec'], object: types.Type, definitions: readonly ResourceDefinition[]): Variables {
  const fields = new Map<string, types.Type>();
  const params = spec.paramKind && { params: paramsType(spec.paramKind, definitions) };
  const known = { ...visible(spec.paramKind, spec.variables?.length ? fields : undefined), object, oldObject: object, ...params };
  for (const { name, expression } of spec.variables ?? []) fields.set(name, typeOf(expression, known));
  return known;
}

function paramsType(wanted: { apiVersion: string; kind: string }, definitions: readonly ResourceDefinition[]): types.Type {
  const found = definitions.find(({ group, version, kind }) => kind === wanted.kind && wanted.apiVersion === (group === '' ? version : `${group}/${version}`));
  return (found && apiTypeOf(found)) ?? types.DYN;
}

/** Undefined where there is none. */
function problem(expression: string, variables: Variables): string | undefined {
  try {
    compileExpression(expression, variables);
    return undefined;
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return error.kind === 'compilation failed' ? error.message : undefined;
  }
}

/** By group, version and kind; a rule that says "all" of groups or versions names none. */
function kindsOf(rules: readonly Rule[], definitions: readonly ResourceDefinition[]): Kind[] {
  const found = new Map<string, Kind>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of rules) {
    if ([...apiGroups, ...apiVersions].some((name) => name.includes('*'))) continue;
    const named = definitions
      .filter(({ group, version, plural }) => apiGroups.includes(group) && apiVersions.includes(version) && resources.includes(plural))
      .toSorted((a, b) => compare(a.group, b.group) || compare(a.version, b.version) || compare(a.plural, b.plural));
    for (const kind of named.slice(0, KINDS_MAX)) found.set(`${kind.group}/${kind.version} ${kind.kind}`, kind);
  }
  return [...found.values()].toSorted((a, b) => compare(a.group, b.group) || compare(a.version, b.version) || compare(a.kind, b.kind));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
