/** Keys in order, in blocks, so that one more among a hundred thousand costs no more than among a few hundred. */

const BLOCK_MAX = 512;

/** Where a key is, or the first that is not less. `block` may be one past the last. */
export interface Place {
  block: number;
  offset: number;
}

export class SortedKeys {
  /** None is empty. */
  #blocks: string[][] = [];

  /** Takes keys of any order in place of what was there. */
  load(keys: readonly string[]): void {
    const sorted = keys.toSorted();
    this.#blocks = [];
    for (let i = 0; i < sorted.length; i += BLOCK_MAX / 2) this.#blocks.push(sorted.slice(i, i + BLOCK_MAX / 2));
  }

  /** A key that is not there. */
  insert(key: string): void {
    const { block, offset } = this.find(key);
    const found = this.#blocks[block];
    const before = this.#blocks[block - 1];
    // Between two blocks it goes to the end of the first.
    if (offset === 0 && before !== undefined) this.#insertAt(block - 1, before.length, key);
    else if (found === undefined) this.#blocks.push([key]);
    else this.#insertAt(block, offset, key);
  }

  /** A key that is there. */
  remove(key: string): void {
    const { block, offset } = this.find(key);
    const found = this.#blocks[block]!;
    found.splice(offset, 1);
    if (found.length === 0) this.#blocks.splice(block, 1);
  }

  find(key: string): Place {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#blocks[middle]!.at(-1)! < key) low = middle + 1;
      else high = middle;
    }
    return { block: low, offset: low < this.#blocks.length ? lowerBound(this.#blocks[low]!, key) : 0 };
  }

  /** Undefined at the end. */
  at({ block, offset }: Place): string | undefined {
    return this.#blocks[block]?.[offset];
  }

  /** Moves to the next key. */
  advance(place: Place): void {
    place.offset++;
    if (place.offset < (this.#blocks[place.block]?.length ?? 0)) return;
    place.block++;
    place.offset = 0;
  }

  /** How many keys are less. */
  rank(key: string): number {
    const { block, offset } = this.find(key);
    let count = offset;
    for (let i = 0; i < block; i++) count += this.#blocks[i]!.length;
    return count;
  }

  get size(): number {
    return this.#blocks.reduce((sum, block) => sum + block.length, 0);
  }

  #insertAt(block: number, offset: number, key: string): void {
    const keys = this.#blocks[block]!;
    keys.splice(offset, 0, key);
    if (keys.length <= BLOCK_MAX) return;
    this.#blocks.splice(block + 1, 0, keys.splice(BLOCK_MAX / 2));
  }
}

/** Index of the first key that is not less. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
