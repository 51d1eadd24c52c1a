/** Brings nftables to the wanted state, one transaction at a time; changes that come while one runs are taken together in the next. */
import type { Logger } from '../runtime/log.ts';
import type { Clock } from '../runtime/clock.ts';
import { run } from './commands.ts';

const GATHER_MS = 5;
const RETRY_MS = 1000;

export interface RulesWriter {
  /** Something changed: `wanted` will be asked soon. */
  changed(): void;
  /** Resolves when what was wanted at the time of the call is in force. */
  flushed(): Promise<void>;
}

/**
 * `wanted` computes the state; `commands` gives nft's input, one transaction, that makes it of the state before (undefined: unknown), or ''.
 * `what` names the rules in the log.
 */
export function rulesWriter<T>(options: {
  what: string;
  wanted: () => T;
  commands: (before: T | undefined, after: T) => string;
  clock: Clock;
  log: Logger;
}): RulesWriter {
  const { what, wanted, clock, log } = options;
  /** What nftables holds; undefined: unknown, start over. */
  let current: T | undefined;
  let dirty = false;
  let running = false;
  let waiters: (() => void)[] = [];

  async function loop(): Promise<void> {
    while (dirty) {
      await clock.sleep(GATHER_MS);
      dirty = false;
      const served = waiters;
      waiters = [];
      const next = wanted();
      const commands = options.commands(current, next);
      try {
        if (commands !== '') await run('nft', ['-f', '-'], commands);
        current = next;
        for (const done of served) done();
      } catch (error) {
        log.error(`${what} could not be written, all are written anew`, { error: String(error) });
        current = undefined;
        dirty = true;
        waiters.push(...served);
        await clock.sleep(RETRY_MS);
      }
    }
    running = false;
  }

  function changed(): void {
    dirty = true;
    if (running) return;
    running = true;
    void loop();
  }
  return {
    changed,
    flushed: () =>
      new Promise((done) => {
        waiters.push(done);
        changed();
      }),
  };
}
