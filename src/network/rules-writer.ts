/** Brings nftables to the wanted state, one transaction at a time; changes that come while one runs are taken together in the next. */
import type { Logger } from '../runtime/log.ts';
import type { Clock } from '../runtime/clock.ts';
import { run } from './commands.ts';
import { emptyRuleset, frame, transaction, type Ruleset } from './ruleset.ts';

const GATHER_MS = 5;
const RETRY_MS = 1000;

export interface RulesWriter {
  /** Something changed: `wanted` will be asked soon. */
  changed(): void;
  /** Resolves when what was wanted at the time of the call is in force. */
  flushed(): Promise<void>;
}

/** `wanted` computes the state; `apply` is nft's standard input, replaceable for tests. */
export function rulesWriter(options: {
  nodeCidr: string;
  wanted: () => Ruleset;
  clock: Clock;
  log: Logger;
  apply?: (commands: string) => Promise<void>;
}): RulesWriter {
  const { nodeCidr, wanted, clock, log } = options;
  const apply = options.apply ?? (async (commands) => void (await run('nft', ['-f', '-'], commands)));
  /** What nftables holds; undefined: unknown, start over. */
  let current: Ruleset | undefined;
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
      const commands = current === undefined ? frame(nodeCidr) + transaction(emptyRuleset(), next) : transaction(current, next);
      try {
        if (commands !== '') await apply(commands);
        current = next;
        for (const done of served) done();
      } catch (error) {
        log.error('service rules could not be written, all are written anew', { error: String(error) });
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
