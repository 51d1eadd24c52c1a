/** RE2's syntax: from a pattern's text to a tree. What RE2 has not (backreferences, looking around) is refused in Go's words. */

export type Matches = (code: number) => boolean;

export type Pattern =
  | { kind: 'char'; matches: Matches }
  | { kind: 'assert'; holds(before: number, after: number): boolean }
  | { kind: 'sequence'; parts: Pattern[] }
  | { kind: 'choice'; parts: Pattern[] }
  | { kind: 'repeat'; part: Pattern; min: number; max: number; greedy: boolean };

interface Flags {
  ignoreCase: boolean;
  multiLine: boolean;
  dotAll: boolean;
  ungreedy: boolean;
}

const REPEAT_MAX = 1000;
const DEPTH_MAX = 1000;
const NONE = -1;
const NEWLINE = 10;

const isDigit: Matches = (c) => c >= 48 && c <= 57;
const isWord: Matches = (c) => isDigit(c) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
const isSpace: Matches = (c) => c === 9 || c === 10 || c === 12 || c === 13 || c === 32;
const not =
  (matches: Matches): Matches =>
  (c) =>
    !matches(c);
const CLASSES: Record<string, Matches> = { d: isDigit, D: not(isDigit), w: isWord, W: not(isWord), s: isSpace, S: not(isSpace) };
const POSIX: Record<string, Matches> = {
  alnum: (c) => isWord(c) && c !== 95,
  alpha: (c) => isWord(c) && c !== 95 && !isDigit(c),
  ascii: (c) => c <= 127,
  blank: (c) => c === 9 || c === 32,
  cntrl: (c) => c < 32 || c === 127,
  digit: isDigit,
  graph: (c) => c > 32 && c < 127,
  lower: (c) => c >= 97 && c <= 122,
  print: (c) => c >= 32 && c < 127,
  punct: (c) => c > 32 && c < 127 && !(isWord(c) && c !== 95),
  space: (c) => isSpace(c) || c === 11,
  upper: (c) => c >= 65 && c <= 90,
  word: isWord,
  xdigit: (c) => isDigit(c) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102),
};
const CONTROL: Record<string, number> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

const ASSERTIONS = {
  textStart: (before: number) => before === NONE,
  textEnd: (_before: number, after: number) => after === NONE,
  lineStart: (before: number) => before === NONE || before === NEWLINE,
  lineEnd: (_before: number, after: number) => after === NONE || after === NEWLINE,
  boundary: (before: number, after: number) => isWord(before) !== isWord(after),
  inside: (before: number, after: number) => isWord(before) === isWord(after),
};

/** Throws an Error such as 'error parsing regexp: missing closing ): `(a`'. */
export function parsePattern(source: string): Pattern {
  return new Parser(source).parse();
}

class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;
  #flags: Flags = { ignoreCase: false, multiLine: false, dotAll: false, ungreedy: false };

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Pattern {
    const pattern = this.#choice();
    if (this.#at < this.#source.length) throw this.#error('unexpected )', this.#source);
    return pattern;
  }

  #error(why: string, what: string): Error {
    return new Error(`error parsing regexp: ${why}: \`${what}\``);
  }

  #choice(): Pattern {
    if (++this.#depth > DEPTH_MAX) throw this.#error('expression nests too deeply', this.#source);
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  #sequence(): Pattern {
    const parts: Pattern[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at]!)) {
      const start = this.#at;
      const part = this.#atom();
      parts.push(part === undefined ? { kind: 'sequence', parts: [] } : this.#repeated(part, start));
    }
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
  }

  #repeated(first: Pattern, start: number): Pattern {
    let part = first;
    let repeated = false;
    for (;;) {
      const from = this.#at;
      const range = this.#range();
      if (range === undefined) return part;
      if (repeated) throw this.#error('invalid nested repetition operator', this.#source.slice(start, this.#at).replace(/^.*?(?=[*+?{])/s, ''));
      const [min, max] = range;
      if (max < min || min > REPEAT_MAX || (max !== Infinity && max > REPEAT_MAX))
        throw this.#error('invalid repeat count', this.#source.slice(from, this.#at));
      const lazy = this.#take('?');
      part = { kind: 'repeat', part, min, max, greedy: lazy === this.#flags.ungreedy };
      repeated = true;
    }
  }

  #range(): [number, number] | undefined {
    if (this.#take('*')) return [0, Infinity];
    if (this.#take('+')) return [1, Infinity];
    if (this.#take('?')) return [0, 1];
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(this.#source.slice(this.#at, this.#at + 20));
    if (counted === null) return undefined;
    this.#at += counted[0].length;
    const min = Number(counted[1]);
    return [min, counted[2] === undefined ? min : counted[3] === '' ? Infinity : Number(counted[3])];
  }

  /** Undefined: flags for the rest of the group. */
  #atom(): Pattern | undefined {
    const code = this.#source.codePointAt(this.#at)!;
    const char = String.fromCodePoint(code);
    this.#at += char.length;
    switch (char) {
      case '(':
        return this.#group();
      case '[':
        return this.#char(this.#set());
      case '.':
        return { kind: 'char', matches: this.#flags.dotAll ? () => true : (c) => c !== NEWLINE };
      case '^':
        return { kind: 'assert', holds: this.#flags.multiLine ? ASSERTIONS.lineStart : ASSERTIONS.textStart };
      case '$':
        return { kind: 'assert', holds: this.#flags.multiLine ? ASSERTIONS.lineEnd : ASSERTIONS.textEnd };
      case '*':
      case '+':
      case '?':
        throw this.#error('missing argument to repetition operator', char);
      case '\\':
        return this.#escape();
      default:
        return this.#char((c) => c === code);
    }
  }

  #char(matches: Matches): Pattern {
    if (!this.#flags.ignoreCase) return { kind: 'char', matches };
    return { kind: 'char', matches: (c) => matches(c) || foldings(c).some(matches) };
  }

  #group(): Pattern | undefined {
    const start = this.#at - 1;
    const outer = { ...this.#flags };
    if (this.#take('?')) {
      const named = /^P?<([A-Za-z_]\w*)>/.exec(this.#source.slice(this.#at));
      if (named !== null) {
        this.#at += named[0].length;
      } else {
        const flags = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.#source.slice(this.#at, this.#at + 20));
        if (flags === null) throw this.#error('invalid or unsupported Perl syntax', this.#source.slice(start, this.#at + 1));
        this.#at += flags[0].length;
        for (const flag of flags[1]!) this.#set1(flag, true);
        for (const flag of flags[2] ?? '') this.#set1(flag, false);
        if (flags[3] === ')') return undefined;
      }
    }
    const inner = this.#choice();
    if (!this.#take(')')) throw this.#error('missing closing )', this.#source);
    this.#flags = outer;
    return { kind: 'sequence', parts: [inner] };
  }

  #set1(flag: string, on: boolean): void {
    const names: Record<string, keyof Flags> = { i: 'ignoreCase', m: 'multiLine', s: 'dotAll', U: 'ungreedy' };
    this.#flags[names[flag]!] = on;
  }

  #escape(): Pattern {
    const char = this.#source[this.#at];
    if (char === undefined) throw this.#error('trailing backslash at end of expression', '');
    const holds = { A: ASSERTIONS.textStart, z: ASSERTIONS.textEnd, b: ASSERTIONS.boundary, B: ASSERTIONS.inside }[char];
    if (holds !== undefined) {
      this.#at++;
      return { kind: 'assert', holds };
    }
    if (char === 'Q') {
      const end = this.#source.indexOf('\\E', this.#at);
      const literal = this.#source.slice(this.#at + 1, end < 0 ? undefined : end);
      this.#at = end < 0 ? this.#source.length : end + 2;
      return { kind: 'sequence', parts: Array.from(literal, (c) => this.#char((code) => code === c.codePointAt(0))) };
    }
    return this.#char(this.#escapedClass() ?? is(this.#escapedCode()));
  }

  /** \d, \pL, \p{Greek}: undefined for anything else. */
  #escapedClass(): Matches | undefined {
    const char = this.#source[this.#at]!;
    const known = Object.hasOwn(CLASSES, char) ? CLASSES[char] : undefined;
    if (known !== undefined) {
      this.#at++;
      return known;
    }
    if (char !== 'p' && char !== 'P') return undefined;
    const property = /^[pP](?:\{(\^?)(\w+)\}|([A-Z]))/.exec(this.#source.slice(this.#at));
    const name = property?.[2] ?? property?.[3];
    if (property === null || name === undefined) throw this.#error('invalid character class range', `\\${char}`);
    this.#at += property[0].length;
    const regexp = unicodeClass(name);
    if (regexp === undefined) throw this.#error('invalid character class range', `\\${property[0]}`);
    const matches: Matches = (c) => c >= 0 && regexp.test(String.fromCodePoint(c));
    return (char === 'P') !== (property[1] === '^') ? not(matches) : matches;
  }

  #escapedCode(): number {
    const rest = this.#source.slice(this.#at);
    const code = /^x([0-9A-Fa-f]{2})|^x\{([0-9A-Fa-f]{1,6})\}|^(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
    if (code !== null) {
      this.#at += code[0].length;
      return code[3] !== undefined ? Number.parseInt(code[3], 8) : Number.parseInt(code[1] ?? code[2]!, 16);
    }
    const point = rest.codePointAt(0)!;
    const char = String.fromCodePoint(point);
    const control = Object.hasOwn(CONTROL, char) ? CONTROL[char] : undefined;
    if (control === undefined && /^[A-Za-z0-9]$/.test(char)) throw this.#error('invalid escape sequence', `\\${char}`);
    this.#at += char.length;
    return control ?? point;
  }

  #set(): Matches {
    const start = this.#at - 1;
    const negated = this.#take('^');
    const parts: Matches[] = [];
    for (let first = true; first || this.#source[this.#at] !== ']'; first = false) {
      if (this.#at >= this.#source.length) throw this.#error('missing closing ]', this.#source.slice(start));
      parts.push(this.#setPart());
    }
    this.#at++;
    const matches: Matches = (c) => parts.some((part) => part(c));
    return negated ? not(matches) : matches;
  }

  #setPart(): Matches {
    const posix = /^\[:(\^?)(\w+):\]/.exec(this.#source.slice(this.#at, this.#at + 20));
    if (posix !== null) {
      const known = Object.hasOwn(POSIX, posix[2]!) ? POSIX[posix[2]!] : undefined;
      if (known === undefined) throw this.#error('invalid character class range', posix[0]);
      this.#at += posix[0].length;
      return posix[1] === '^' ? not(known) : known;
    }
    const from = this.#at;
    const low = this.#setCode();
    if (typeof low === 'function') return low;
    if (this.#source[this.#at] !== '-' || this.#source[this.#at + 1] === ']' || this.#at + 1 >= this.#source.length) return is(low);
    this.#at++;
    const high = this.#setCode();
    if (typeof high === 'function' || high < low) throw this.#error('invalid character class range', this.#source.slice(from, this.#at));
    return (c) => c >= low && c <= high;
  }

  #setCode(): Matches | number {
    if (this.#take('\\')) {
      if (this.#at >= this.#source.length) throw this.#error('trailing backslash at end of expression', '');
      return this.#escapedClass() ?? this.#escapedCode();
    }
    const code = this.#source.codePointAt(this.#at)!;
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  #take(char: string): boolean {
    if (this.#source[this.#at] !== char) return false;
    this.#at++;
    return true;
  }
}

function is(code: number): Matches {
  return (c) => c === code;
}

function foldings(code: number): number[] {
  const char = String.fromCodePoint(code);
  return [char.toLowerCase(), char.toUpperCase()].filter((other) => other !== char).map((other) => other.codePointAt(0)!);
}

function unicodeClass(name: string): RegExp | undefined {
  for (const property of [name, `Script=${name}`]) {
    try {
      return new RegExp(`^\\p{${property}}$`, 'u');
    } catch {
      continue;
    }
  }
  return undefined;
}
