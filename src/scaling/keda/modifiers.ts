/** Scaling modifiers: the formula over a ScaledObject's triggers. Pure. */
import { compileFormula, type Formula } from './formula/compile.ts';
import { modifiersOf, type ScaledObject } from './types.ts';

/** Undefined where there are none. Throws an Error that says what is wrong with them. */
export function formulaOf(scaledObject: ScaledObject): Formula | undefined {
  const modifiers = modifiersOf(scaledObject);
  if (modifiers === undefined) return undefined;
  const { formula = '', target = '', activationTarget = '' } = modifiers;
  if (formula === '') throw new Error('error ScalingModifiers.Formula is mandatory');
  const named = scaledObject.spec.triggers.filter(({ type }) => type !== 'cpu' && type !== 'memory');
  const unnamed = named.findIndex(({ name = '' }) => name === '');
  if (unnamed >= 0)
    throw new Error(`error validating formula in ScalingModifiers: triggers[${unnamed}].name must be set: the formula speaks of triggers by their names`);
  const names = named.map(({ name = '' }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new Error(`error validating formula in ScalingModifiers: triggers' names must be unique: ${JSON.stringify(twice)} is there twice`);
  if (!(Number(target) > 0)) throw new Error(`error validating target in ScalingModifiers: target ${JSON.stringify(target)} must be a number above zero`);
  if (Number.isNaN(Number(activationTarget)))
    throw new Error(`error validating activationTarget in ScalingModifiers: ${JSON.stringify(activationTarget)} must be a number`);
  try {
    return compileFormula(formula, new Set(names));
  } catch (error) {
    throw new Error(`error validating formula in ScalingModifiers: ${(error as Error).message}`, { cause: error });
  }
}
