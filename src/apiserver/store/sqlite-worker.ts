/** The thread that writes batches: one transaction each, answered when it is on disk. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { PRAGMAS, REMOVED, type AppendAnswer, type AppendMessage, type CloseMessage } from './sqlite-log.ts';

const { path } = workerData as { path: string };

interface Writer {
  append(message: AppendMessage): void;
  close(): void;
}

function open(): Writer {
  const database = new DatabaseSync(path);
  database.exec(PRAGMAS);
  const put = database.prepare('INSERT INTO objects VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision, data = excluded.data');
  const remove = database.prepare('DELETE FROM objects WHERE collection = ? AND key = ?');
  const setRevision = database.prepare("UPDATE meta SET value = ? WHERE name = 'revision' AND value < ?");
  return {
    append({ rows, bytes }) {
      database.exec('BEGIN IMMEDIATE');
      try {
        let offset = 0;
        for (const { collection, key, revision, length } of rows) {
          if (length === REMOVED) {
            remove.run(collection, key);
          } else {
            put.run(collection, key, revision, bytes.subarray(offset, offset + length));
            offset += length;
          }
        }
        const newest = rows.at(-1)?.revision ?? 0;
        // A revision that goes back would be found nowhere else but in a client's broken cache.
        if (setRevision.run(newest, newest).changes !== 1) throw new Error(`revision ${newest} is not newer than the stored one`);
        database.exec('COMMIT');
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}

let writer: Writer | undefined;

parentPort?.on('message', (message: AppendMessage | CloseMessage) => {
  if (message === 'close') {
    writer?.close();
    parentPort?.close();
    return;
  }
  let answer: AppendAnswer = {};
  try {
    writer ??= open();
    writer.append(message);
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
});
