/** CEL's grammar: from source to a tree. Macros are left as calls: `compile.ts` knows them. */
import { tokenize, SyntaxError, type Token } from './tokens.ts';

export { SyntaxError } from './tokens.ts';

export type Literal = null | boolean | bigint | number | string | Uint8Array | { uint: bigint };

/** `at` is an offset into the source, for messages. */
export type Node = { at: number } & (
  | { kind: 'literal'; value: Literal }
  | { kind: 'ident'; name: string }
  | { kind: 'select'; operand: Node; field: string; optional: boolean }
  | { kind: 'index'; operand: Node; index: Node; optional: boolean }
  /** Operators are calls too: '_+_', '!_', '_?_:_'. */
  | { kind: 'call'; target?: Node; name: string; args: Node[] }
  | { kind: 'list'; items: { value: Node; optional: boolean }[] }
  | { kind: 'map'; entries: { key: Node; value: Node; optional: boolean }[] }
);

const RESERVED = new Set('as break const continue else for function if import let loop package namespace return var void while'.split(' '));
const DEPTH_MAX = 250;
const RELATIONS: Record<string, string> = { '<': '_<_', '<=': '_<=_', '>': '_>_', '>=': '_>=_', '==': '_==_', '!=': '_!=_', in: '@in' };
const ADDITIONS: Record<string, string> = { '+': '_+_', '-': '_-_' };
const PRODUCTS: Record<string, string> = { '*': '_*_', '/': '_/_', '%': '_%_' };

/** Throws SyntaxError. */
export function parse(source: string): Node {
  return new Parser(tokenize(source)).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Node {
    const node = this.#expression();
    if (this.#peek().kind !== 'end') throw this.#unexpected();
    return node;
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #is(text: string): boolean {
    const token = this.#peek();
    return token.text === text && (token.kind === 'symbol' || (token.kind === 'ident' && text === 'in'));
  }

  #take(text: string): Token | undefined {
    return this.#is(text) ? this.#tokens[this.#next++] : undefined;
  }

  #expect(text: string): Token {
    const token = this.#take(text);
    if (token === undefined) throw this.#unexpected(`'${text}'`);
    return token;
  }

  #unexpected(wanted?: string): SyntaxError {
    const token = this.#peek();
    const found = token.kind === 'end' ? '<EOF>' : token.text;
    return new SyntaxError(
      wanted === undefined ? `Syntax error: mismatched input '${found}' expecting <EOF>` : `Syntax error: mismatched input '${found}' expecting ${wanted}`,
      token.at,
    );
  }

  #expression(): Node {
    if (++this.#depth > DEPTH_MAX) throw new SyntaxError(`expression recursion limit exceeded: ${DEPTH_MAX}`, this.#peek().at);
    let node = this.#or();
    const question = this.#take('?');
    if (question !== undefined) {
      const then = this.#or();
      this.#expect(':');
      node = { kind: 'call', at: question.at, name: '_?_:_', args: [node, then, this.#expression()] };
    }
    this.#depth--;
    return node;
  }

  #or(): Node {
    return this.#binary({ '||': '_||_' }, () =>
      this.#binary({ '&&': '_&&_' }, () => this.#binary(RELATIONS, () => this.#binary(ADDITIONS, () => this.#binary(PRODUCTS, () => this.#unary())))),
    );
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
    const not = this.#take('!');
    if (not !== undefined) return { kind: 'call', at: not.at, name: '!_', args: [this.#nested(() => this.#unary())] };
    const minus = this.#take('-');
    if (minus === undefined) return this.#member();
    const token = this.#peek();
    // So that the least int can be written.
    if (token.kind === 'number' && typeof token.value !== 'object') {
      const operand = this.#member();
      if (operand.kind === 'literal' && (typeof operand.value === 'bigint' || typeof operand.value === 'number'))
        return { ...operand, at: minus.at, value: -operand.value };
      return { kind: 'call', at: minus.at, name: '-_', args: [operand] };
    }
    return { kind: 'call', at: minus.at, name: '-_', args: [this.#nested(() => this.#unary())] };
  }

  #nested(parse: () => Node): Node {
    if (++this.#depth > DEPTH_MAX) throw new SyntaxError(`expression recursion limit exceeded: ${DEPTH_MAX}`, this.#peek().at);
    const node = parse();
    this.#depth--;
    return node;
  }

  #member(): Node {
    let node = this.#primary();
    for (;;) {
      const dot = this.#take('.');
      if (dot !== undefined) {
        const optional = this.#take('?') !== undefined;
        const name = this.#peek();
        if (name.kind !== 'ident' && name.kind !== 'quoted') throw this.#unexpected('IDENTIFIER');
        this.#next++;
        const open = optional || name.kind === 'quoted' ? undefined : this.#take('(');
        node =
          open === undefined
            ? { kind: 'select', at: dot.at, operand: node, field: name.text, optional }
            : { kind: 'call', at: open.at, target: node, name: name.text, args: this.#args(')') };
        continue;
      }
      const open = this.#take('[');
      if (open === undefined) return node;
      const optional = this.#take('?') !== undefined;
      const index = this.#expression();
      this.#expect(']');
      node = { kind: 'index', at: open.at, operand: node, index, optional };
    }
  }

  #args(end: string): Node[] {
    const args: Node[] = [];
    while (!this.#is(end)) {
      args.push(this.#expression());
      if (this.#take(',') === undefined) break;
    }
    this.#expect(end);
    return args;
  }

  #primary(): Node {
    const token = this.#peek();
    const { at } = token;
    if (token.kind === 'number' || token.kind === 'string') {
      this.#next++;
      return { kind: 'literal', at, value: token.value! };
    }
    if (this.#take('(') !== undefined) {
      const inner = this.#expression();
      this.#expect(')');
      return inner;
    }
    if (this.#take('[') !== undefined) return this.#list(at);
    if (this.#take('{') !== undefined) return this.#map(at);
    this.#take('.');
    return this.#identifier();
  }

  #identifier(): Node {
    const token = this.#peek();
    if (token.kind !== 'ident')
      throw this.#unexpected("{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}");
    this.#next++;
    const { at, text } = token;
    if (text === 'true' || text === 'false') return { kind: 'literal', at, value: text === 'true' };
    if (text === 'null') return { kind: 'literal', at, value: null };
    if (RESERVED.has(text)) throw new SyntaxError(`reserved identifier: ${text}`, at);
    const open = this.#take('(');
    return open === undefined ? { kind: 'ident', at, name: text } : { kind: 'call', at: open.at, name: text, args: this.#args(')') };
  }

  #list(at: number): Node {
    const items: { value: Node; optional: boolean }[] = [];
    while (!this.#is(']')) {
      const optional = this.#take('?') !== undefined;
      items.push({ optional, value: this.#expression() });
      if (this.#take(',') === undefined) break;
    }
    this.#expect(']');
    return { kind: 'list', at, items };
  }

  #map(at: number): Node {
    const entries: { key: Node; value: Node; optional: boolean }[] = [];
    while (!this.#is('}')) {
      const optional = this.#take('?') !== undefined;
      const key = this.#expression();
      this.#expect(':');
      entries.push({ optional, key, value: this.#expression() });
      if (this.#take(',') === undefined) break;
    }
    this.#expect('}');
    return { kind: 'map', at, entries };
  }
}
