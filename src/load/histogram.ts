/**
 * A histogram of latencies with a bounded relative error (the idea of HdrHistogram: linear buckets, doubled in width at each power of two).
 * Values are milliseconds, kept as whole microseconds; what it answers differs from what was recorded by at most half a microsecond
 * or 1/2048 (0.05 %), whichever is more.
 */

/** Below 2^SUB_BITS µs every microsecond has a bucket; above, each power of two is split into 2^(SUB_BITS - 1). */
const SUB_BITS = 11;
const HALF = 2 ** (SUB_BITS - 1);
/** 2^36 µs, 19 hours: what took longer is recorded as this. */
const MAX_BITS = 36;
const MAX_US = 2 ** MAX_BITS - 1;
const BUCKETS = (MAX_BITS - SUB_BITS + 2) * HALF;

export class Histogram {
  /** Doubles count exactly up to 2^53. */
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sumMs = 0;
  #minMs = Number.POSITIVE_INFINITY;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  /** Milliseconds, exact; 0 when empty. */
  get min(): number {
    return this.#count === 0 ? 0 : this.#minMs;
  }

  get max(): number {
    return this.#maxMs;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  /** Values below 0 (a clock that was set back) count as 0. */
  record(ms: number): void {
    const value = Math.max(0, ms);
    const index = bucketOf(Math.min(MAX_US, Math.round(value * 1000)));
    this.#counts[index] = this.#counts[index]! + 1;
    this.#count++;
    this.#sumMs += value;
    if (value < this.#minMs) this.#minMs = value;
    if (value > this.#maxMs) this.#maxMs = value;
  }

  /** The smallest value that at least `share` (0..1) of all values do not exceed, in milliseconds; 0 when empty. */
  percentile(share: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let index = bucketOf(Math.min(MAX_US, Math.round(this.#minMs * 1000))); index < BUCKETS; index++) {
      seen += this.#counts[index]!;
      if (seen >= rank) return Math.min(this.#maxMs, Math.max(this.#minMs, middleOf(index) / 1000));
    }
    return this.#maxMs;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sumMs = 0;
    this.#minMs = Number.POSITIVE_INFINITY;
    this.#maxMs = 0;
  }
}

function bucketOf(us: number): number {
  if (us < 2 * HALF) return us;
  // By how many powers of two the value exceeds those that have a bucket each.
  const shift = us < 2 ** 31 ? 32 - SUB_BITS - Math.clz32(us) : 64 - SUB_BITS - 1 - Math.clz32(Math.floor(us / 2 ** 31));
  return shift * HALF + Math.floor(us / 2 ** shift);
}

/** Microseconds. */
function middleOf(index: number): number {
  if (index < 2 * HALF) return index;
  const shift = Math.floor(index / HALF) - 1;
  const low = (index - shift * HALF) * 2 ** shift;
  return low + (2 ** shift - 1) / 2;
}
