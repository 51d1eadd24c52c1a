/**
 * Regular expressions as Go's RE2 understands them, in time linear in the text whatever the pattern: a client's pattern must not be
 * able to hold up the server, as JavaScript's backtracking engine would let it. A pattern becomes a small program of a Pike machine.
 */
import { parsePattern, type Matches, type Pattern } from './regex-syntax.ts';

type Instruction =
  | { op: 'char'; matches: Matches }
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'assert'; holds(before: number, after: number): boolean }
  | { op: 'match' };

/** As Go: a program of more is refused. */
const PROGRAM_MAX = 20_000;
const NONE = -1;

export class Regex {
  readonly #program: Instruction[] = [];

  /** Throws an Error worded as Go's regexp/syntax. */
  constructor(source: string) {
    this.#emit(parsePattern(source));
    this.#program.push({ op: 'match' });
  }

  test(text: string): boolean {
    return this.#run(text, 0, true) !== undefined;
  }

  /** The leftmost match at or after `from`, in units of the string. */
  find(text: string, from = 0): { start: number; end: number } | undefined {
    return this.#run(text, from, false);
  }

  #emit(node: Pattern): void {
    const program = this.#program;
    if (program.length > PROGRAM_MAX) throw new Error('expression too large');
    switch (node.kind) {
      case 'char':
        program.push({ op: 'char', matches: node.matches });
        return;
      case 'assert':
        program.push({ op: 'assert', holds: node.holds });
        return;
      case 'sequence':
        for (const part of node.parts) this.#emit(part);
        return;
      case 'choice':
        return this.#emitChoice(node.parts);
      case 'repeat':
        for (let i = 0; i < node.min; i++) this.#emit(node.part);
        if (node.max === Infinity) return this.#emitStar(node.part, node.greedy);
        return this.#emitOptional(node.part, node.max - node.min, node.greedy);
    }
  }

  #emitChoice(parts: readonly Pattern[]): void {
    const ends: { op: 'jump'; to: number }[] = [];
    for (const [i, part] of parts.entries()) {
      if (i === parts.length - 1) {
        this.#emit(part);
        break;
      }
      const split = { op: 'split' as const, first: this.#program.length + 1, second: 0 };
      this.#program.push(split);
      this.#emit(part);
      const jump = { op: 'jump' as const, to: 0 };
      ends.push(jump);
      this.#program.push(jump);
      split.second = this.#program.length;
    }
    for (const jump of ends) jump.to = this.#program.length;
  }

  #emitStar(part: Pattern, greedy: boolean): void {
    const at = this.#program.length;
    const split = { op: 'split' as const, first: 0, second: 0 };
    this.#program.push(split);
    this.#emit(part);
    this.#program.push({ op: 'jump', to: at });
    [split.first, split.second] = greedy ? [at + 1, this.#program.length] : [this.#program.length, at + 1];
  }

  #emitOptional(part: Pattern, times: number, greedy: boolean): void {
    const splits: { op: 'split'; first: number; second: number }[] = [];
    for (let i = 0; i < times; i++) {
      const split = { op: 'split' as const, first: this.#program.length + 1, second: 0 };
      splits.push(split);
      this.#program.push(split);
      this.#emit(part);
    }
    for (const split of splits) {
      split.second = this.#program.length;
      if (!greedy) [split.first, split.second] = [split.second, split.first];
    }
  }

  /** Threads are kept in order of preference; each remembers where its match began. */
  #run(text: string, from: number, any: boolean): { start: number; end: number } | undefined {
    const size = this.#program.length;
    let threads: number[] = [];
    let starts: number[] = [];
    let nextThreads: number[] = [];
    let nextStarts: number[] = [];
    /** The position + 1 at which an instruction was last reached. */
    const seen = new Int32Array(size);
    let best: { start: number; end: number } | undefined;
    let before = from > 0 ? codeBefore(text, from) : NONE;
    for (let at = from; ;) {
      const after = at < text.length ? text.codePointAt(at)! : NONE;
      const width = after > 0xffff ? 2 : 1;
      // A new thread may begin here, last in preference, until something matched.
      if (best === undefined) this.#follow(0, at, before, after, threads, starts, seen, at);
      if (threads.length === 0 && best !== undefined) return best;
      const mark = at + width;
      for (let i = 0; i < threads.length; i++) {
        const instruction = this.#program[threads[i]!]!;
        if (instruction.op === 'match') {
          best = { start: starts[i]!, end: at };
          if (any) return best;
          break;
        }
        if (instruction.op === 'char' && after !== NONE && instruction.matches(after)) {
          const beyond = mark < text.length ? text.codePointAt(mark)! : NONE;
          this.#follow(threads[i]! + 1, starts[i]!, after, beyond, nextThreads, nextStarts, seen, mark);
        }
      }
      if (after === NONE) return best;
      [threads, nextThreads] = [nextThreads, threads];
      [starts, nextStarts] = [nextStarts, starts];
      nextThreads.length = 0;
      nextStarts.length = 0;
      before = after;
      at = mark;
    }
  }

  #follow(start: number, from: number, before: number, after: number, threads: number[], starts: number[], seen: Int32Array, at: number): void {
    const stack = [start];
    while (stack.length > 0) {
      const pc = stack.pop()!;
      if (seen[pc] === at + 1) continue;
      seen[pc] = at + 1;
      const instruction = this.#program[pc]!;
      switch (instruction.op) {
        case 'jump':
          stack.push(instruction.to);
          break;
        case 'split':
          stack.push(instruction.second, instruction.first);
          break;
        case 'assert':
          if (instruction.holds(before, after)) stack.push(pc + 1);
          break;
        default:
          threads.push(pc);
          starts.push(from);
      }
    }
  }
}

function codeBefore(text: string, at: number): number {
  const code = text.charCodeAt(at - 1);
  return code >= 0xdc00 && code <= 0xdfff && at > 1 ? text.codePointAt(at - 2)! : code;
}

const compiled = new Map<string, Regex | Error>();
const CACHE_MAX = 1_000;

/** The compiled pattern, from a bounded cache. Throws as the constructor. */
export function regexOf(source: string): Regex {
  let found = compiled.get(source);
  if (found === undefined) {
    try {
      found = new Regex(source);
    } catch (error) {
      found = error as Error;
    }
    if (compiled.size >= CACHE_MAX) compiled.clear();
    compiled.set(source, found);
  }
  if (found instanceof Error) throw found;
  return found;
}
