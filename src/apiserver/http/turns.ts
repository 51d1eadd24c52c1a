/** Much small work that shares the event loop with requests: ten thousand watchers may all have something to be told at once. */

/** Then others have their turn. */
const TURN_MS = 8;

/** Runs what is added, in order, soon, a few milliseconds at a time. Works must not throw. */
export class Turns {
  #waiting: (() => void)[] = [];
  #next = 0;
  #scheduled = false;

  add(work: () => void): void {
    this.#waiting.push(work);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    const end = performance.now() + TURN_MS;
    while (this.#next < this.#waiting.length && performance.now() < end) this.#waiting[this.#next++]!();
    if (this.#next < this.#waiting.length) {
      setImmediate(() => this.#run());
      return;
    }
    this.#waiting = [];
    this.#next = 0;
    this.#scheduled = false;
  }
}
