/** Only one process works on a store: from before it is read until it is closed, and whatever becomes of the process. */
import { DatabaseSync } from 'node:sqlite';

/**
 * Takes the lock, or throws. SQLite's own lock on the store would have a gap: what was read at start is of one connection, writing is another's.
 * The kernel frees this one when the process ends, however it ends.
 */
export function lockStore(path: string): { release(): void } {
  const database = new DatabaseSync(`${path}.lock`);
  try {
    // Nothing is ever written into it: no journal, no size.
    database.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE;');
  } catch (error) {
    database.close();
    throw error;
  }
  return { release: () => database.close() };
}
