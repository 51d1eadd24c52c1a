/** Numbers that each have at most one holder: cluster addresses, node ports. */
import type { Random } from '../../../runtime/random.ts';

/** Random tries before looking one by one: enough while the pool is not nearly full. */
const RANDOM_TRIES = 32;

export class Pool {
  /** Number to holder; a holder may take a number it has already (it counts). */
  readonly #held = new Map<number, { holder: string; count: number }>();
  readonly #first: number;
  readonly #last: number;
  /** Free choice starts here: the numbers below are left for those who ask for one by name. */
  readonly #dynamicFirst: number;

  constructor(first: number, last: number, dynamicFirst = first) {
    this.#first = first;
    this.#last = last;
    this.#dynamicFirst = dynamicFirst;
  }

  has(value: number): boolean {
    return value >= this.#first && value <= this.#last;
  }

  /** False when another holds it. */
  take(value: number, holder: string): boolean {
    const held = this.#held.get(value);
    if (held === undefined) this.#held.set(value, { holder, count: 1 });
    else if (held.holder === holder) held.count++;
    else return false;
    return true;
  }

  /** A free number; undefined when there is none. */
  takeAny(holder: string, random: Random): number | undefined {
    const size = this.#last - this.#dynamicFirst + 1;
    for (let i = 0; i < RANDOM_TRIES; i++) {
      const value = this.#dynamicFirst + Math.floor(random.next() * size);
      if (!this.#held.has(value) && this.take(value, holder)) return value;
    }
    for (let value = this.#dynamicFirst; value <= this.#last; value++) if (!this.#held.has(value) && this.take(value, holder)) return value;
    for (let value = this.#first; value < this.#dynamicFirst; value++) if (!this.#held.has(value) && this.take(value, holder)) return value;
    return undefined;
  }

  release(value: number, holder: string): void {
    const held = this.#held.get(value);
    if (held === undefined || held.holder !== holder) return;
    if (held.count > 1) held.count--;
    else this.#held.delete(value);
  }
}
