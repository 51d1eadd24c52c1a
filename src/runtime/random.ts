import { randomBytes, randomUUID } from 'node:crypto';

/** Chance as an argument: controllers never call Math.random. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A version 4 UUID. */
  uuid(): string;
}

/** Upstream's alphabet for generated names: no vowels, no look-alikes (apimachinery util/rand). */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** The suffix `generateName` appends; 5 characters upstream. */
export function nameSuffix(random: Random, length = 5): string {
  let suffix = '';
  for (let i = 0; i < length; i++) suffix += ALPHABET[Math.floor(random.next() * ALPHABET.length)];
  return suffix;
}

/** A uniformly chosen element; the list must not be empty. */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random.next() * items.length)];
  if (item === undefined) throw new Error('pick from an empty list');
  return item;
}

const WORD_BYTES = 6;
/** Drawn in advance: asking the system for each number costs ten times as much. */
const drawn = { bytes: Buffer.alloc(0), used: 0 };

function nextWord(): number {
  if (drawn.used + WORD_BYTES > drawn.bytes.length) {
    drawn.bytes = randomBytes(WORD_BYTES * 512);
    drawn.used = 0;
  }
  drawn.used += WORD_BYTES;
  return drawn.bytes.readUIntBE(drawn.used - WORD_BYTES, WORD_BYTES);
}

export const realRandom: Random = {
  next: () => nextWord() / 2 ** (8 * WORD_BYTES),
  uuid: () => randomUUID(),
};

/** The same numbers for the same seed (sfc32). */
export function seededRandom(seed: number): Random {
  let a = seed | 0,
    b = 0x9e3779b9 | 0,
    c = 0x243f6a88 | 0,
    d = 1;
  const word = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) word();
  const hex = (digits: number): string => Array.from({ length: digits }, () => (word() & 15).toString(16)).join('');
  return {
    next: () => word() / 2 ** 32,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${'89ab'[word() & 3]}${hex(3)}-${hex(12)}`,
  };
}
