/** Long work in pieces of a few milliseconds, between which others have their turn. */
import { setImmediate as nextTurn } from 'node:timers/promises';

const SLICE_MS = 8;
/** Looking at the time costs about as much as a short step. */
const STEPS = 64;

export class Slices {
  #end = performance.now() + SLICE_MS;
  #steps = 0;

  /** To be asked at every step: whether it is time to let others go first. */
  get isOver(): boolean {
    return ++this.#steps % STEPS === 0 && performance.now() > this.#end;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#end = performance.now() + SLICE_MS;
  }
}
