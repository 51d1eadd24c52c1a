/** CEL's macros: has, the comprehensions (of one and two variables), sortBy and those of optionals, as the trees they stand for. */
import { copyOf, type Call, type Fold, type FoldKind, type Node } from './ast.ts';
import { SyntaxError } from './tokens.ts';

/** The variable in which a macro's loop collects; no identifier can be written so. */
const RESULT = '@result';
const OLD_RESULT = '__result__';
const SORT_INPUT = '@__sortBy_input__';
const UNUSED = '#unused';

/** Undefined when the call is no macro. Throws SyntaxError when it is one with wrong arguments. */
export function expandMacro(node: Call): Node | undefined {
  const { target, name, args } = node;
  if (target === undefined) return name === 'has' && args.length === 1 ? has(args[0]!, node.at) : undefined;
  switch (`${name}/${args.length}`) {
    case 'all/2':
    case 'all/3':
      return quantifier('all', node);
    case 'exists/2':
    case 'exists/3':
      return quantifier('exists', node);
    case 'exists_one/2':
    case 'exists_one/3':
    case 'existsOne/2':
    case 'existsOne/3':
      return quantifier('one', node);
    case 'filter/2':
      return collected('list', node, 1, args[1], args[0]!, 'argument is not an identifier');
    case 'map/2':
      return collected('list', node, 1, undefined, args[1]!, 'argument is not an identifier');
    case 'map/3':
      return collected('list', node, 1, args[1], args[2]!, 'argument is not an identifier');
    case 'transformList/3':
      return collected('list', node, 2, undefined, args[2]!);
    case 'transformList/4':
      return collected('list', node, 2, args[2], args[3]!);
    case 'transformMap/3':
      return collected('map', node, 2, undefined, args[2]!);
    case 'transformMap/4':
      return collected('map', node, 2, args[2], args[3]!);
    case 'transformMapEntry/3':
      return collected('mapEntry', node, 2, undefined, args[2]!);
    case 'transformMapEntry/4':
      return collected('mapEntry', node, 2, args[2], args[3]!);
    case 'sortBy/2':
      return sortBy(node);
    case 'optMap/2':
    case 'optFlatMap/2':
      return optionalMap(node);
    default:
      return undefined;
  }
}

const ident = (name: string, at: number): Node => ({ kind: 'ident', at, name });
const call = (name: string, at: number, ...args: Node[]): Node => ({ kind: 'call', at, name, args });
const bool = (value: boolean, at: number): Node => ({ kind: 'literal', at, value });
const integer = (value: bigint, at: number): Node => ({ kind: 'literal', at, value });
const list = (at: number, ...items: Node[]): Node => ({ kind: 'list', at, items: items.map((value) => ({ value, optional: false })) });

function has(arg: Node, at: number): Node {
  if (arg.kind !== 'select' || arg.test) throw new SyntaxError('invalid argument to has() macro', arg.at);
  return { ...arg, at, test: true };
}

/** What a loop was told: what elements pass, and what is made of them. The reverse of what is built here. */
export function partsOf({ macro, step, result }: Fold): { filter?: Node; body: Node } {
  if (macro === 'bind') return { body: result };
  const { name, args } = step as Call;
  if (macro === 'all' || macro === 'exists') return { body: args[1]! };
  if (macro === 'one') return { body: args[0]! };
  const filtered = name === '_?_:_';
  const added = (filtered ? args[1] : step) as Call;
  const last = added.args.at(-1)!;
  const body = macro === 'list' && last.kind === 'list' ? last.items[0]!.value : last;
  return filtered ? { filter: args[0]!, body } : { body };
}

/** The names of one or two variables. */
function variables(args: readonly Node[], count: number, why: string): string[] {
  const names = args.slice(0, count).map((arg) => {
    if (arg.kind !== 'ident') throw new SyntaxError(why, arg.at);
    return arg.name;
  });
  if (names.length === 2 && names[0] === names[1]) throw new SyntaxError(`duplicate variable name: ${names[0]}`, args[1]!.at);
  for (const [i, name] of names.entries())
    if (name === RESULT || name === OLD_RESULT) throw new SyntaxError('iteration variable overwrites accumulator variable', args[i]!.at);
  return names;
}

function loop(macro: FoldKind, { at, target }: Call, names: readonly string[], parts: Pick<Fold, 'init' | 'condition' | 'step' | 'result'>): Node {
  const [variable = '', second] = names;
  return { kind: 'fold', at, macro, range: target!, variable, ...(second === undefined ? {} : { second }), accumulator: RESULT, ...parts };
}

function quantifier(macro: 'all' | 'exists' | 'one', node: Call): Node {
  const { at, args } = node;
  const body = args.at(-1)!;
  const names = variables(args, args.length - 1, 'argument must be a simple name');
  const accu = (): Node => ident(RESULT, at);
  switch (macro) {
    case 'all':
      return loop(macro, node, names, {
        init: bool(true, at),
        condition: call('@not_strictly_false', at, accu()),
        step: call('_&&_', at, accu(), body),
        result: accu(),
      });
    case 'exists':
      return loop(macro, node, names, {
        init: bool(false, at),
        condition: call('@not_strictly_false', at, call('!_', at, accu())),
        step: call('_||_', at, accu(), body),
        result: accu(),
      });
    case 'one':
      return loop(macro, node, names, {
        init: integer(0n, at),
        condition: bool(true, at),
        step: call('_?_:_', at, body, call('_+_', at, accu(), integer(1n, at)), accu()),
        result: call('_==_', at, accu(), integer(1n, at)),
      });
  }
}

/** A list or map of what the body makes of the elements that pass the filter. */
function collected(
  macro: 'list' | 'map' | 'mapEntry',
  node: Call,
  count: 1 | 2,
  filter: Node | undefined,
  body: Node,
  why = 'argument must be a simple name',
): Node {
  const { at, args } = node;
  const names = variables(args, count, why);
  const accu = (): Node => ident(RESULT, at);
  const step =
    macro === 'list'
      ? call('_+_', at, accu(), list(at, body))
      : macro === 'map'
        ? call('cel.@mapInsert', at, accu(), ident(names[0]!, at), body)
        : call('cel.@mapInsert', at, accu(), body);
  return loop(macro, node, names, {
    init: macro === 'list' ? list(at) : { kind: 'map', at, entries: [] },
    condition: bool(true, at),
    step: filter === undefined ? step : call('_?_:_', at, filter, step, accu()),
    result: accu(),
  });
}

/** The value of a variable for one expression. */
function bind(at: number, name: string, value: Node, body: Node): Node {
  return {
    kind: 'fold',
    at,
    macro: 'bind',
    range: list(at),
    variable: UNUSED,
    accumulator: name,
    init: value,
    condition: bool(false, at),
    step: ident(name, at),
    result: body,
  };
}

function sortBy(node: Call): Node {
  const { at, target, args } = node;
  if (!['list', 'select', 'ident', 'fold', 'call'].includes(target!.kind))
    throw new SyntaxError('sortBy can only be applied to a list, identifier, comprehension, call or select expression', target!.at);
  const keys = collected('list', { ...node, target: ident(SORT_INPUT, at) }, 1, undefined, args[1]!, 'argument is not an identifier');
  const sorted: Node = { kind: 'call', at, target: ident(SORT_INPUT, at), name: '@sortByAssociatedKeys', args: [keys] };
  return bind(at, SORT_INPUT, target!, sorted);
}

function optionalMap({ at, target, name, args }: Call): Node {
  const [variable, body] = args;
  if (variable?.kind !== 'ident') throw new SyntaxError(`${name}() variable name must be a simple identifier`, variable?.at ?? at);
  const bound = bind(at, variable.name, { kind: 'call', at, target: copyOf(target!), name: 'value', args: [] }, body!);
  return call(
    '_?_:_',
    at,
    { kind: 'call', at, target: target!, name: 'hasValue', args: [] },
    name === 'optMap' ? call('optional.of', at, bound) : bound,
    call('optional.none', at),
  );
}
