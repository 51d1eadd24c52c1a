/** What is looked at once types are right: literals that say what cannot be, and lists and maps of mixed types. */
import { childrenOf, type Call, type Node } from './ast.ts';
import type { Checked, Problem } from './check.ts';
import { fits } from './dispatch.ts';
import { checkFormat } from './format.ts';
import type { Library } from './functions.ts';
import { patternOf } from './library-standard.ts';
import { same, show, type Type } from './types.ts';
import { CelError, Uint, type Value } from './values.ts';

export function literalProblems(root: Node, checked: Checked, library: Library): Problem[] {
  const problems: Problem[] = [];
  const visit = (node: Node, inFormat: boolean): void => {
    if (node.kind === 'call') {
      const problem = argumentProblem(node, library) ?? formatProblem(node, checked);
      if (problem !== undefined) problems.push(problem);
    }
    if (!inFormat) problems.push(...mixed(node, checked));
    const within = inFormat || (node.kind === 'call' && node.name === 'format');
    for (const child of childrenOf(node)) visit(child, within);
  };
  visit(root, false);
  return problems;
}

/** The argument of a conversion or match that can never be right. */
function argumentProblem({ name, args: [arg] }: Call, library: Library): Problem | undefined {
  if (arg?.kind !== 'literal') return undefined;
  const { value } = arg;
  const wrong = { at: arg.at, message: `invalid ${name} argument` };
  if (name === 'matches') return typeof value === 'string' && fails(() => patternOf(value)) ? wrong : undefined;
  if (name !== 'duration' && name !== 'timestamp') return undefined;
  const given: Value = value !== null && typeof value === 'object' && !(value instanceof Uint8Array) ? new Uint(value.uint) : value;
  const overload = library[name]?.find(({ args }) => fits(args, [given]));
  return overload === undefined || fails(() => overload.call([given])) ? wrong : undefined;
}

function fails(make: () => unknown): boolean {
  try {
    make();
    return false;
  } catch (error) {
    if (error instanceof CelError) return true;
    throw error;
  }
}

function formatProblem({ at, name, target, args: [list] }: Call, checked: Checked): Problem | undefined {
  if (name !== 'format' || target?.kind !== 'literal' || typeof target.value !== 'string' || list?.kind !== 'list') return undefined;
  const items = list.items.map(({ value }) => value);
  const found = checkFormat(
    target.value,
    items.map((item) => stringable(item, checked)),
  );
  if (typeof found === 'string') return { at, message: found };
  if ('why' in found) return { at: items[found.index] === undefined ? at : badPart(items[found.index]!, checked).at, message: found.why };
  if (items.length > found.used) return { at, message: `too many arguments supplied to string.format (expected ${found.used}, got ${items.length})` };
  return undefined;
}

/** The type that decides whether the value can be shown: its own, or that of a part that cannot. */
function stringable(node: Node, checked: Checked): { type: Type; bad: Type | undefined } {
  const part = badPart(node, checked);
  return { type: checked.typeOf(node), bad: part === node && isShown(checked.typeOf(node)) ? undefined : checked.typeOf(part) };
}

function isShown({ kind }: Type): boolean {
  return !['optional', 'object', 'foreign', 'param'].includes(kind);
}

/** The first part of a literal that has no text, or the node itself. */
function badPart(node: Node, checked: Checked): Node {
  if (!isShown(checked.typeOf(node))) return node;
  if (node.kind !== 'list' && node.kind !== 'map') return node;
  for (const child of childrenOf(node)) {
    const bad = badPart(child, checked);
    if (!isShown(checked.typeOf(bad))) return bad;
  }
  return node;
}

/** Elements whose type is not that of the first. */
function mixed(node: Node, checked: Checked): Problem[] {
  const typeOf = (part: Node, optional: boolean): Type => {
    const type = checked.typeOf(part);
    return optional && type.kind === 'optional' ? type.inner : type;
  };
  const mismatch = ({ at }: Node, wanted: Type, found: Type): Problem => ({ at, message: `expected type '${show(wanted)}' but found '${show(found)}'` });
  if (node.kind === 'list') {
    const [first, ...rest] = node.items;
    if (first === undefined) return [];
    const wanted = typeOf(first.value, first.optional);
    const other = rest.find(({ value, optional }) => !same(wanted, typeOf(value, optional)));
    return other === undefined ? [] : [mismatch(other.value, wanted, typeOf(other.value, other.optional))];
  }
  if (node.kind !== 'map') return [];
  const [first, ...rest] = node.entries;
  if (first === undefined) return [];
  const [keys, values] = [checked.typeOf(first.key), typeOf(first.value, first.optional)];
  return rest.flatMap(({ key, value, optional }) => [
    ...(same(keys, checked.typeOf(key)) ? [] : [mismatch(key, keys, checked.typeOf(key))]),
    ...(same(values, typeOf(value, optional)) ? [] : [mismatch(value, values, typeOf(value, optional))]),
  ]);
}
