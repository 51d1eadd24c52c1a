/** CEL's tokens. */
import type { Literal } from './ast.ts';

export interface Token {
  kind: 'ident' | 'quoted' | 'number' | 'string' | 'symbol' | 'end';
  text: string;
  at: number;
  value?: Literal;
}

/** A source that cannot be read; `at` is an offset into it. */
export class SyntaxError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const SPACE = /(?:\s|\/\/[^\n]*)+/y;
const NUMBER = /0x[0-9a-fA-F]+[uU]?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|\d+[uU]?/y;
const IDENT = /[A-Za-z_][A-Za-z0-9_]*/y;
const QUOTED = /`[A-Za-z0-9_.\-/ ]+`/y;
const SYMBOL = /\|\||&&|<=|>=|==|!=|[<>!+\-*/%?:.,()[\]{}]/y;
const STRING = /([bB]?[rR]?)("""|'''|"|')/y;
const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;

/** What is no token goes into `errors` and is passed over. */
export function tokenize(source: string, errors: SyntaxError[]): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  for (;;) {
    at += match(SPACE)?.[0].length ?? 0;
    if (at >= source.length) {
      tokens.push({ kind: 'end', text: '', at: source.length });
      return tokens;
    }
    const start = at;
    const opening = match(STRING);
    if (opening !== null) {
      const { value, end } = readString(source, start, opening, errors);
      at = end;
      if (value === undefined) continue;
      tokens.push({ kind: 'string', text: source.slice(start, end), at: start, value });
      continue;
    }
    const previous = tokens.at(-1);
    // After a dot a digit would be a field: '.5' is a number only where no operand ends.
    const number = source[at] === '.' && previous !== undefined && (previous.kind !== 'symbol' || ')]}'.includes(previous.text)) ? null : match(NUMBER);
    if (number !== null) {
      tokens.push({ kind: 'number', text: number[0], at, value: numberOf(number[0], at, errors) });
      at += number[0].length;
      continue;
    }
    const quoted = match(QUOTED);
    const found = quoted ?? match(IDENT) ?? match(SYMBOL);
    if (found === null) {
      // Half of '==', '&&' or '||' takes the next with it.
      const length = '=&|'.includes(source[at]!) ? 2 : 1;
      errors.push(unrecognized(source, at, at + length));
      at += length;
      continue;
    }
    const [text] = found;
    tokens.push({ kind: quoted !== null ? 'quoted' : /^[A-Za-z_]/.test(text) ? 'ident' : 'symbol', text, at });
    at += found[0].length;
  }
}

function unrecognized(source: string, start: number, end: number): SyntaxError {
  const text = source.slice(start, end).replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r');
  return new SyntaxError(`Syntax error: token recognition error at: '${text}'`, start);
}

function numberOf(text: string, at: number, errors: SyntaxError[]): Literal {
  const unsigned = /[uU]$/.test(text);
  const digits = unsigned ? text.slice(0, -1) : text;
  if (!/^(?:0x[0-9a-fA-F]+|\d+)$/.test(digits)) return Number(digits);
  const value = BigInt(digits);
  if (unsigned) {
    if (value > UINT_MAX) errors.push(new SyntaxError('invalid uint literal', at));
    return { uint: value };
  }
  // One more is the least int, once negated.
  if (value > INT_MAX + 1n) errors.push(new SyntaxError('invalid int literal', at));
  return value;
}

/** Without a value, it does not end or says what none can. */
function readString(source: string, start: number, opening: RegExpExecArray, errors: SyntaxError[]): { value?: string | Uint8Array; end: number } {
  const [whole, prefix = '', quote = ''] = opening;
  const raw = /r/i.test(prefix);
  const bytes = /b/i.test(prefix);
  const parts: Buffer[] = [];
  let text = '';
  let at = start + whole.length;
  for (;;) {
    if (at >= source.length || (quote.length === 1 && (source[at] === '\n' || source[at] === '\r'))) {
      errors.push(unrecognized(source, start, at + 1));
      return { end: at + 1 };
    }
    if (source.startsWith(quote, at)) break;
    if (source[at] === '\\' && !raw) {
      const escape = readEscape(source, at, bytes);
      if (escape === undefined) {
        errors.push(unrecognized(source, start, at + 2));
        return { end: at + 2 };
      }
      if (typeof escape.value === 'number') {
        parts.push(Buffer.from(text), Buffer.of(escape.value));
        text = '';
      } else {
        text += escape.value;
      }
      at = escape.end;
      continue;
    }
    const char = source[at] === '\\' ? source.slice(at, at + 2) : source[at]!;
    text += char;
    at += char.length;
  }
  const end = at + quote.length;
  return { value: bytes ? Uint8Array.from(Buffer.concat([...parts, Buffer.from(text)])) : text, end };
}

const ESCAPES: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '?': '?', '"': '"', "'": "'", '`': '`' };

/** A number is one byte of a bytes literal. */
function readEscape(source: string, at: number, bytes: boolean): { value: string | number; end: number } | undefined {
  const char = source[at + 1] ?? '';
  if (Object.hasOwn(ESCAPES, char)) return { value: ESCAPES[char]!, end: at + 2 };
  const code = /^(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/.exec(source.slice(at + 1, at + 10));
  if (code === null) return undefined;
  const number = code[4] !== undefined ? Number.parseInt(code[4], 8) : Number.parseInt(code[1] ?? code[2] ?? code[3]!, 16);
  const end = at + 1 + code[0].length;
  if (bytes && (code[1] !== undefined || code[4] !== undefined)) return { value: number, end };
  if (number > 0x10ffff) return undefined;
  return { value: String.fromCodePoint(number), end };
}
