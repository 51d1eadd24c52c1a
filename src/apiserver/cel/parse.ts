/** CEL's grammar: from source to a tree, with macros expanded. */
import { type Entry, type Field, type Item, type Node } from './ast.ts';
import { expandMacro } from './macros.ts';
import { SyntaxError, tokenize, type Token } from './tokens.ts';

const RESERVED = new Set('as break const continue else for function if import let loop package namespace return var void while'.split(' '));
const KEYWORDS = new Set(['in', 'true', 'false', 'null']);
const DEPTH_MAX = 250;
const SIZE_MAX = 100_000;
const INT_MAX = 2n ** 63n - 1n;
const RELATIONS: Record<string, string> = { '<': '_<_', '<=': '_<=_', '>': '_>_', '>=': '_>=_', '==': '_==_', '!=': '_!=_', in: '@in' };
const ADDITIONS: Record<string, string> = { '+': '_+_', '-': '_-_' };
const PRODUCTS: Record<string, string> = { '*': '_*_', '/': '_/_', '%': '_%_' };
const OPERAND = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
/** What may follow an operand. */
const AFTER = new Set(['.', '[', '?', '||', '&&', '*', '/', '%', '+', '-', ...Object.keys(RELATIONS)]);

/** Throws what is wrong, all of it. */
export function parse(source: string): Node {
  const errors: SyntaxError[] = [];
  const size = [...source].length;
  if (size > SIZE_MAX) throw new SyntaxErrors([new SyntaxError(`expression code point size exceeds limit: size: ${size}, limit ${SIZE_MAX}`, -1)]);
  const parser = new Parser(tokenize(source, errors), errors);
  let node: Node | undefined;
  try {
    node = parser.parse();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    errors.push(error);
  }
  if (node === undefined || errors.length > 0) throw new SyntaxErrors(errors);
  return node;
}

/** `at` of each: an offset into the source, or -1. */
export class SyntaxErrors extends Error {
  readonly errors: readonly SyntaxError[];
  constructor(errors: readonly SyntaxError[]) {
    super(errors[0]?.message);
    this.errors = errors;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #errors: SyntaxError[];
  #next = 0;
  #depth = 0;
  /** How many brackets are open. */
  #open = 0;

  constructor(tokens: readonly Token[], errors: SyntaxError[]) {
    this.#tokens = tokens;
    this.#errors = errors;
  }

  parse(): Node {
    const node = this.#expression();
    const last = this.#peek();
    if (last.kind === 'end') return node;
    const only = this.#tokens[this.#next + 1]?.kind === 'end';
    this.#fail(`Syntax error: ${only ? 'extraneous' : 'mismatched'} input '${last.text}' expecting <EOF>`, last.at);
    return node;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)]!;
  }

  #isAt(token: Token, text: string): boolean {
    return token.text === text && (token.kind === 'symbol' || (token.kind === 'ident' && text === 'in'));
  }

  #is(text: string): boolean {
    return this.#isAt(this.#peek(), text);
  }

  #take(text: string): Token | undefined {
    return this.#is(text) ? this.#tokens[this.#next++] : undefined;
  }

  /** Told, and reading goes on. */
  #fail(message: string, at: number): void {
    this.#errors.push(new SyntaxError(message, at));
  }

  /** One token too many or too few is told and passed over, as upstream's parser has it. */
  #expect(text: string): void {
    if (this.#take(text) !== undefined) return;
    const token = this.#peek();
    if (token.kind !== 'end' && this.#isAt(this.#peek(1), text)) {
      this.#fail(`Syntax error: extraneous input '${token.text}' expecting '${text}'`, token.at);
      this.#next += 2;
      return;
    }
    const follows = token.kind === 'end' || (AFTER.has(token.text) && token.kind !== 'string') || (this.#open > 0 && [')', ']', '}', ','].includes(token.text));
    if (text === ':' || !follows) throw this.#unexpected(`'${text}'`);
    this.#fail(`Syntax error: missing '${text}' at '${textOf(token)}'`, token.at);
  }

  #unexpected(wanted: string): SyntaxError {
    const token = this.#peek();
    return new SyntaxError(`Syntax error: mismatched input '${textOf(token)}' expecting ${wanted}`, token.at);
  }

  #expression(): Node {
    return this.#nested(() => {
      const node = this.#or();
      const question = this.#take('?');
      if (question === undefined) return node;
      const then = this.#or();
      this.#expect(':');
      return { kind: 'call', at: question.at, name: '_?_:_', args: [node, then, this.#expression()] };
    });
  }

  #or(): Node {
    return this.#logical('||', '_||_', () =>
      this.#logical('&&', '_&&_', () => this.#binary(RELATIONS, () => this.#binary(ADDITIONS, () => this.#binary(PRODUCTS, () => this.#unary())))),
    );
  }

  /** Terms of a long chain are put into a balanced tree: neither the recursion nor the answer minds. */
  #logical(operator: string, name: string, operand: () => Node): Node {
    const terms = [operand()];
    const ops: number[] = [];
    for (let token = this.#take(operator); token !== undefined; token = this.#take(operator)) {
      ops.push(token.at);
      terms.push(operand());
    }
    const balanced = (low: number, high: number): Node => {
      const middle = Math.floor((low + high + 1) / 2);
      const left = middle === low ? terms[middle]! : balanced(low, middle - 1);
      const right = middle === high ? terms[middle + 1]! : balanced(middle + 1, high);
      return { kind: 'call', at: ops[middle]!, name, args: [left, right] };
    };
    return ops.length === 0 ? terms[0]! : balanced(0, ops.length - 1);
  }

  #binary(operators: Record<string, string>, operand: () => Node): Node {
    let left = operand();
    for (;;) {
      const token = this.#peek();
      const name = (token.kind === 'symbol' || token.text === 'in') && Object.hasOwn(operators, token.text) ? operators[token.text] : undefined;
      if (name === undefined) return left;
      this.#next++;
      left = { kind: 'call', at: token.at, name, args: [left, operand()] };
    }
  }

  #unary(): Node {
    for (const operator of ['!', '-']) {
      const first = this.#peek();
      let count = 0;
      while (this.#is(operator) && !(operator === '-' && this.#signed())) {
        this.#next++;
        count++;
      }
      if (count === 0) continue;
      const operand = this.#member();
      return count % 2 === 0 ? operand : { kind: 'call', at: first.at, name: operator === '!' ? '!_' : '-_', args: [operand] };
    }
    return this.#member();
  }

  /** Whether a minus is a number's sign. */
  #signed(): boolean {
    const token = this.#peek(1);
    return token.kind === 'number' && (typeof token.value === 'bigint' || typeof token.value === 'number');
  }

  #nested(parse: () => Node): Node {
    if (++this.#depth > DEPTH_MAX) throw new SyntaxError(`expression recursion limit exceeded: ${DEPTH_MAX}`, -1);
    const node = parse();
    this.#depth--;
    return node;
  }

  /** A macro that is used wrongly is told, and stands for nothing. */
  #call(node: Node & { kind: 'call' }): Node {
    try {
      return expandMacro(node) ?? node;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#errors.push(error);
      return { kind: 'literal', at: node.at, value: null };
    }
  }

  #member(): Node {
    let node = this.#primary();
    for (;;) {
      const dot = this.#take('.');
      if (dot !== undefined) {
        node = this.#selected(node, dot);
        continue;
      }
      const open = this.#take('[');
      if (open === undefined) return node;
      const optional = this.#take('?') !== undefined;
      const index = this.#within(() => this.#expression(), ']');
      node = { kind: 'call', at: open.at, name: optional ? '_[?_]' : '_[_]', args: [node, index] };
    }
  }

  #selected(operand: Node, dot: Token): Node {
    const optional = this.#take('?') !== undefined;
    const name = this.#peek();
    if (name.kind !== 'quoted' && (name.kind !== 'ident' || KEYWORDS.has(name.text))) {
      const text = name.kind === 'end' ? '' : name.text;
      const why = ['true', 'false', 'null'].includes(text)
        ? `mismatched input '${text}' expecting IDENTIFIER`
        : `no viable alternative at input '.${optional ? '?' : ''}${text}'`;
      throw new SyntaxError(`Syntax error: ${why}`, name.at);
    }
    this.#next++;
    if (name.kind === 'quoted') this.#fail("unsupported syntax: '`'", name.at);
    const open = optional || name.kind === 'quoted' ? undefined : this.#take('(');
    if (open !== undefined) return this.#call({ kind: 'call', at: open.at, target: operand, name: name.text, args: this.#args() });
    if (!optional) return { kind: 'select', at: dot.at, operand, field: name.text, test: false };
    return { kind: 'call', at: dot.at, name: '_?._', args: [operand, { kind: 'literal', at: name.at, value: name.text }] };
  }

  #within<T>(parse: () => T, end: string): T {
    this.#open++;
    const made = parse();
    this.#open--;
    this.#expect(end);
    return made;
  }

  #args(): Node[] {
    return this.#within(() => {
      const args: Node[] = [];
      if (this.#is(')')) return args;
      do args.push(this.#expression());
      while (this.#take(',') !== undefined);
      return args;
    }, ')');
  }

  #primary(): Node {
    const token = this.#peek();
    const { at } = token;
    if (token.kind === 'number' || token.kind === 'string') {
      this.#next++;
      return { kind: 'literal', at, value: this.#inRange(token.value!, at) };
    }
    if (this.#is('-') && this.#signed()) {
      const value = this.#peek(1).value as bigint | number;
      this.#next += 2;
      return { kind: 'literal', at, value: this.#inRange(-value as bigint | number, at) };
    }
    if (this.#take('(') !== undefined) return this.#within(() => this.#expression(), ')');
    if (this.#take('[') !== undefined) return { kind: 'list', at, items: this.#within(() => this.#items(), ']') };
    if (this.#take('{') !== undefined) return { kind: 'map', at, entries: this.#within(() => this.#entries(), '}') };
    return this.#identifier(this.#take('.') === undefined ? '' : '.');
  }

  #inRange<T>(value: T, at: number): T {
    if (typeof value === 'bigint' && (value > INT_MAX || value < -INT_MAX - 1n)) this.#fail('invalid int literal', at);
    return value;
  }

  #identifier(leading: string): Node {
    const token = this.#peek();
    if (token.kind !== 'ident' || token.text === 'in') throw this.#unexpected(leading === '' ? OPERAND : 'IDENTIFIER');
    this.#next++;
    const { at, text } = token;
    if (text === 'true' || text === 'false') return { kind: 'literal', at, value: text === 'true' };
    if (text === 'null') return { kind: 'literal', at, value: null };
    const message = this.#message(leading + text);
    if (message !== undefined) return message;
    if (RESERVED.has(text)) this.#fail(`reserved identifier: ${text}`, at);
    const open = this.#take('(');
    return open === undefined
      ? { kind: 'ident', at, name: leading + text }
      : this.#call({ kind: 'call', at: open.at, name: leading + text, args: this.#args() });
  }

  /** `Object.spec{a: 1}`: with the name's first part read. */
  #message(first: string): Node | undefined {
    let ahead = 0;
    let name = first;
    while (this.#isAt(this.#peek(ahead), '.') && this.#peek(ahead + 1).kind === 'ident') {
      name += `.${this.#peek(ahead + 1).text}`;
      ahead += 2;
    }
    const open = this.#peek(ahead);
    if (!this.#isAt(open, '{')) return undefined;
    this.#next += ahead + 1;
    return { kind: 'struct', at: open.at, name, fields: this.#within(() => this.#fields(), '}') };
  }

  #fields(): Field[] {
    const fields: Field[] = [];
    while (!this.#is('}')) {
      const optional = this.#take('?') !== undefined;
      const name = this.#peek();
      if (name.kind !== 'ident' && name.kind !== 'quoted') throw this.#unexpected("{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}");
      this.#next++;
      const { at } = this.#peek();
      this.#expect(':');
      fields.push({ at, name: name.text, optional, value: this.#expression() });
      if (this.#take(',') === undefined) break;
    }
    return fields;
  }

  #items(): Item[] {
    const items: Item[] = [];
    while (!this.#is(']')) {
      const optional = this.#take('?') !== undefined;
      items.push({ optional, value: this.#expression() });
      if (this.#take(',') === undefined) break;
    }
    return items;
  }

  #entries(): Entry[] {
    const entries: Entry[] = [];
    while (!this.#is('}')) {
      const optional = this.#take('?') !== undefined;
      const key = this.#expression();
      this.#expect(':');
      entries.push({ optional, key, value: this.#expression() });
      if (this.#take(',') === undefined) break;
    }
    return entries;
  }
}

function textOf(token: Token): string {
  return token.kind === 'end' ? '<EOF>' : token.text;
}
