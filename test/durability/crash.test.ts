/**
 * The API server is killed again and again in the middle of its work, and clients compare what they were told with what is there afterwards.
 * `npm run test:crash` kills it 200 times; ARGOSY_KILLS says otherwise.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Journal } from './journal.ts';
import { Server } from './server.ts';
import { Watchers } from './watchers.ts';
import { Writers } from './writers.ts';

const KILLS = Number(process.env['ARGOSY_KILLS'] ?? 25);
const WRITERS = 16;
const WATCHERS = 3;
/** From the start of the load. */
const KILL_WITHIN_MS = 500;

test(`${KILLS} kills at any moment lose no acknowledged write, halve none, and leave no gap in a watch`, { timeout: KILLS * 20_000 }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-crash-'));
  const server = new Server(dir);
  t.after(async () => {
    await server.kill();
    rmSync(dir, { recursive: true, force: true });
  });
  const journal = new Journal();
  const writers = new Writers(server, journal, Math.random);
  const watchers = new Watchers(server, WATCHERS);
  for (let kill = 0; kill < KILLS; kill++) {
    await server.start();
    await writers.check();
    const load = Promise.all([writers.run(WRITERS), watchers.run()]);
    await Promise.race([load, sleep(Math.random() * KILL_WITHIN_MS)]);
    await server.kill();
    await load;
  }
  await server.start();
  await writers.check();
  const load = watchers.run();
  // A last write that every watcher waits for.
  const writing = writers.run(WRITERS);
  await sleep(200);
  writers.stop();
  await writing;
  await Promise.race([load, watchers.caughtUp()]);
  watchers.stop();
  await load;
  await writers.check();
  watchers.check(journal);
  t.diagnostic(
    `${journal.acknowledged} writes acknowledged, ${writers.conflicts} conflicts, of those under way ${JSON.stringify(journal.undecided)}; ${watchers.summary}`,
  );
  assert.ok(journal.acknowledged > KILLS, 'hardly anything was written');
});
