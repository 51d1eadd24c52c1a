/**
 * Formulas of scaling modifiers: the part of expr-lang that makes a number of numbers. Nothing else can be reached from a formula.
 * Names are triggers; a trigger whose scaler has failed for too long is nil, which `??` replaces.
 */
import { FUNCTIONS, OVER_LISTS } from './functions.ts';
import { lex, type Token } from './lex.ts';
import { listOf, numberOf, truthOf, typeName, type Value } from './value.ts';

interface Scope {
  values: ReadonlyMap<string, number | null>;
  element?: Value;
}

type Node = (scope: Scope) => Value;

/** Undefined trigger values are errors; the answer is null when the formula is. Throws an Error that says what the result is instead of a number. */
export type Formula = (values: ReadonlyMap<string, number | null>) => number | null;

const LENGTH_MAX = 4096;
const DEPTH_MAX = 64;

/** From loose to tight. */
const BINARY: readonly Record<string, (left: Node, right: Node) => Node>[] = [
  { '||': or, or },
  { '&&': and, and },
  { '==': compare((a, b) => a === b), '!=': compare((a, b) => a !== b) },
  { '<': ordered('<', (a, b) => a < b), '<=': ordered('<=', (a, b) => a <= b), '>': ordered('>', (a, b) => a > b), '>=': ordered('>=', (a, b) => a >= b) },
  { '+': arithmetic('+', (a, b) => a + b), '-': arithmetic('-', (a, b) => a - b) },
  { '*': arithmetic('*', (a, b) => a * b), '/': arithmetic('/', (a, b) => a / b), '%': arithmetic('%', (a, b) => a % b) },
];

/** `names`: the triggers there are. Throws an Error that shows where the formula is wrong. */
export function compileFormula(formula: string, names: ReadonlySet<string>): Formula {
  if (formula.length > LENGTH_MAX) throw new Error(`the formula is longer than ${LENGTH_MAX} characters`);
  const node = new Parser(lex(formula), names).whole();
  return (values) => {
    const result = node({ values });
    if (result === null || typeof result === 'number') return result;
    throw new Error(`formula returned non-float result ${typeName(result)} (${JSON.stringify(result)})`);
  };
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #names: ReadonlySet<string>;
  #next = 0;
  #depth = 0;
  /** Inside what is asked of a list's elements. */
  #hasElement = false;

  constructor(tokens: readonly Token[], names: ReadonlySet<string>) {
    this.#tokens = tokens;
    this.#names = names;
  }

  whole(): Node {
    const node = this.#ternary();
    if (this.#token.kind !== 'end') throw this.#unexpected();
    return node;
  }

  get #token(): Token {
    return this.#tokens[this.#next] ?? this.#tokens.at(-1)!;
  }

  #take(text: string): boolean {
    if (this.#token.kind === 'number' || this.#token.kind === 'end' || this.#token.text !== text) return false;
    this.#next++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected();
  }

  #unexpected(): Error {
    const { text, at } = this.#token;
    return new Error(`unexpected ${JSON.stringify(text)} (1:${at + 1})`);
  }

  #ternary(): Node {
    if (++this.#depth > DEPTH_MAX) throw new Error(`the formula is nested deeper than ${DEPTH_MAX}`);
    const condition = this.#orElse();
    let node = condition;
    if (this.#take('?')) {
      const yes = this.#ternary();
      this.#expect(':');
      const no = this.#ternary();
      node = (scope) => (truthOf(condition(scope), 'a condition') ? yes(scope) : no(scope));
    }
    this.#depth--;
    return node;
  }

  #orElse(): Node {
    const left = this.#binary(0);
    if (!this.#take('??')) return left;
    const right = this.#orElse();
    return (scope) => left(scope) ?? right(scope);
  }

  #binary(level: number): Node {
    const operators = BINARY[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { kind, text } = this.#token;
      const make = kind === 'mark' || text === 'or' || text === 'and' ? operators[text] : undefined;
      if (make === undefined) return left;
      this.#next++;
      left = make(left, this.#binary(level + 1));
    }
  }

  #unary(): Node {
    if (this.#take('-')) return negative(this.#unary());
    if (this.#take('+')) return this.#unary();
    if (this.#take('!') || this.#take('not')) return not(this.#unary());
    const base = this.#primary();
    if (!this.#take('**') && !this.#take('^')) return base;
    return arithmetic('**', (a, b) => a ** b)(base, this.#unary());
  }

  #primary(): Node {
    const { kind, text } = this.#token;
    if (kind === 'number') {
      this.#next++;
      const value = Number(text.replaceAll('_', ''));
      return () => value;
    }
    if (this.#take('(')) {
      const node = this.#ternary();
      this.#expect(')');
      return node;
    }
    if (this.#take('[')) {
      const elements = this.#list(']');
      return (scope) => elements.map((element) => element(scope));
    }
    if (this.#hasElement && this.#take('#')) return ({ element = null }) => element;
    if (kind !== 'name') throw this.#unexpected();
    this.#next++;
    if (text === 'true' || text === 'false') return () => text === 'true';
    if (text === 'nil' || text === 'null') return () => null;
    return this.#take('(') ? this.#call(text) : this.#trigger(text);
  }

  #trigger(name: string): Node {
    if (!this.#names.has(name)) throw new Error(`unknown name ${name}`);
    return ({ values }) => {
      const value = values.get(name);
      if (value === undefined) throw new Error(`there is no value of trigger ${name}`);
      return value;
    };
  }

  #call(name: string): Node {
    const over = OVER_LISTS.get(name);
    if (over !== undefined) {
      const list = this.#ternary();
      this.#expect(',');
      const asked = this.#ofElement();
      this.#expect(')');
      return (scope) => over(listOf(list(scope), name), (element) => asked({ ...scope, element }));
    }
    const compute = FUNCTIONS.get(name);
    if (compute === undefined) throw new Error(`unknown function ${name}`);
    const args = this.#list(')');
    return (scope) => compute(args.map((arg) => arg(scope)));
  }

  /** `{# > 1}` or `# > 1` */
  #ofElement(): Node {
    const before = this.#hasElement;
    this.#hasElement = true;
    const braced = this.#take('{');
    const node = this.#ternary();
    if (braced) this.#expect('}');
    this.#hasElement = before;
    return node;
  }

  #list(end: string): Node[] {
    const nodes: Node[] = [];
    while (!this.#take(end)) {
      if (nodes.length > 0) this.#expect(',');
      nodes.push(this.#ternary());
    }
    return nodes;
  }
}

function or(left: Node, right: Node): Node {
  return (scope) => truthOf(left(scope), 'or') || truthOf(right(scope), 'or');
}

function and(left: Node, right: Node): Node {
  return (scope) => truthOf(left(scope), 'and') && truthOf(right(scope), 'and');
}

function not(node: Node): Node {
  return (scope) => !truthOf(node(scope), 'not');
}

function negative(node: Node): Node {
  return (scope) => -numberOf(node(scope), '-');
}

function compare(holds: (a: Value, b: Value) => boolean) {
  return (left: Node, right: Node): Node =>
    (scope) =>
      holds(left(scope), right(scope));
}

function ordered(name: string, holds: (a: number, b: number) => boolean) {
  return (left: Node, right: Node): Node =>
    (scope) =>
      holds(numberOf(left(scope), name), numberOf(right(scope), name));
}

function arithmetic(name: string, compute: (a: number, b: number) => number) {
  return (left: Node, right: Node): Node =>
    (scope) =>
      compute(numberOf(left(scope), name), numberOf(right(scope), name));
}
