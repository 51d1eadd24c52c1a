/** A mutating policy's expressions, compiled once, and the patches that they are. */
import { shapeErrors } from '../../kube/apply/extract.ts';
import { mergeValues } from '../../kube/apply/merge.ts';
import type { ObjectShape } from '../../kube/apply/shape.ts';
import { applyJsonPatch, OperationFailed } from '../../kube/patch/json.ts';
import type { Json } from '../../kube/patch/json-value.ts';
import { copyJson } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/types.ts';
import { CelError, compileExpression, jsonOf, misnamed, REQUEST_LIMIT, type Budget, type Program, type Value } from '../cel/index.ts';
import { atomicsIn } from './atomics.ts';
import { compileSetting } from './compile.ts';
import type { MutatingAdmissionPolicy, Mutation } from './types.ts';

/** What the patched object is like. */
export interface Target {
  object: KubeObject;
  /** Undefined: nobody knows its fields. */
  shape: ObjectShape | undefined;
}

export interface CompiledMutations {
  /** Whether the policy is about the request at all. Throws CelError. */
  applies(values: readonly Value[]): boolean;
  /** One after the other; each answers the patched object, which shares nothing with the one it was given. Throws CelError. */
  patches: readonly ((values: readonly Value[], target: Target) => KubeObject)[];
}

/** Throws CompileError. */
export function compileMutations({ spec }: MutatingAdmissionPolicy): CompiledMutations {
  const setting = compileSetting(spec);
  return {
    applies: (values) => setting.conditionsHold(setting.full(values, { left: REQUEST_LIMIT })),
    patches: (spec.mutations ?? []).map((mutation) => {
      const expression = expressionOf(mutation);
      const program = compileExpression(expression, setting.declared, undefined, 'patches');
      const patched = mutation.patchType === 'JSONPatch' ? jsonPatched : applied;
      return (values, target) => {
        const budget: Budget = { left: REQUEST_LIMIT };
        return patched(evaluate(expression, program, setting.full(values, budget), budget), target);
      };
    }),
  };
}

function expressionOf({ patchType, applyConfiguration, jsonPatch }: Mutation): string {
  return (patchType === 'JSONPatch' ? jsonPatch : applyConfiguration)?.expression ?? '';
}

function evaluate(expression: string, program: Program, values: readonly Value[], budget: Budget): Value {
  try {
    return program.evaluate(values, budget);
  } catch (error) {
    if (budget.left < 0) throw new CelError('validation failed due to running out of cost budget, no further validation rules will be run');
    throw new CelError(`expression '${expression}' resulted in error: ${(error as Error).message}`);
  }
}

/** Throws CelError. */
function checkNames(value: Value): void {
  const wrong = misnamed(value);
  if (wrong.length > 0) throw new CelError(`type mismatch: ${wrong.join('\n')}`);
}

function applied(value: Value, { object, shape }: Target): KubeObject {
  checkNames(value);
  const { apiVersion, kind } = object;
  // Upstream's null is the number of its only value: it suits no field that it could take away.
  const configuration = { ...(jsonOf(value, 0) as Record<string, unknown>), apiVersion, kind };
  if (shape === undefined) throw new CelError(`error applying patch: Resource kind ${kind} not found`);
  const errors = shapeErrors(configuration, shape);
  if (errors.length > 0) {
    const text = errors.length === 1 ? errors[0] : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n');
    throw new CelError(`error applying patch: failed to convert patch object to typed object: ${text}`);
  }
  // Whoever names some fields of an atomic value may not know that the others would go.
  const atomics = atomicsIn(configuration, shape);
  if (atomics.length > 0)
    throw new CelError(`error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`);
  return copyJson(mergeValues(object, configuration, shape)) as KubeObject;
}

function jsonPatched(value: Value, { object }: Target): KubeObject {
  const operations = (value as Value[]).map((operation) => {
    const { value: set, ...others } = membersOf(operation);
    if (set === undefined) return others;
    checkNames(set);
    return { ...others, value: jsonOf(set) };
  });
  try {
    // A stored object is JSON; and so is what a patch makes of it.
    return applyJsonPatch(object as unknown as Json, operations) as unknown as KubeObject;
  } catch (error) {
    // A test that fails is how a patch says that it is not for this object.
    if (error instanceof OperationFailed && error.isTest) return copyJson(object);
    throw new CelError(`JSON Patch: ${error instanceof OperationFailed ? error.why : (error as Error).message}`);
  }
}

/** Of a JSONPatch: the checker has seen to it that it is one. */
function membersOf(operation: Value): Record<string, Value> {
  const struct = operation as unknown as { keys(): string[]; get(key: string): Value };
  return Object.fromEntries(struct.keys().map((key) => [key, struct.get(key)]));
}
