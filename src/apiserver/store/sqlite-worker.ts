/** The thread that writes batches: one transaction each, answered when it is on disk. */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { checksumOf, PRAGMAS } from './sqlite-file.ts';
import { REMOVED, type Answer, type AppendMessage, type Message, type ProbeMessage } from './sqlite-log.ts';
import { isFinal } from './store-errors.ts';

const { path } = workerData as { path: string };

interface Writer {
  append(message: AppendMessage): void;
  probe(message: ProbeMessage): void;
  snapshot(to: string): void;
  close(): void;
}

function open(): Writer {
  const database = new DatabaseSync(path);
  database.exec(PRAGMAS);
  const put = database.prepare(
    'INSERT INTO objects VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision, data = excluded.data, checksum = excluded.checksum',
  );
  const remove = database.prepare('DELETE FROM objects WHERE collection = ? AND key = ?');
  const setRevision = database.prepare("UPDATE meta SET value = ? WHERE name = 'revision' AND value < ?");
  const countProbe = database.prepare("INSERT INTO meta VALUES ('probes', 1) ON CONFLICT DO UPDATE SET value = value + 1");
  const transaction = (work: () => void): void => {
    database.exec('BEGIN IMMEDIATE');
    try {
      work();
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
  return {
    append({ rows, bytes }) {
      transaction(() => {
        let offset = 0;
        for (const { collection, key, revision, length } of rows) {
          if (length === REMOVED) {
            remove.run(collection, key);
          } else {
            const data = bytes.subarray(offset, offset + length);
            put.run(collection, key, revision, data, checksumOf(collection, key, revision, data));
            offset += length;
          }
        }
        const newest = rows.at(-1)?.revision ?? 0;
        // A revision that goes back would be found nowhere else but in a client's broken cache.
        if (setRevision.run(newest, newest).changes !== 1) throw new Error(`revision ${newest} is not newer than the stored one`);
      });
    },
    probe({ bytes }) {
      const { bavail, bsize } = statfsSync(dirname(path));
      // A small write may still find its place in the log where the next one of that size does not.
      if (bavail * bsize < bytes) throw new Error('database or disk is full');
      transaction(() => countProbe.run());
    },
    // Batches wait until it is done; SQLite's backup in steps does not go together with writing by the same connection in another thread.
    snapshot(to) {
      database.prepare('VACUUM INTO ?').run(to);
    },
    close: () => database.close(),
  };
}

let writer: Writer | undefined;

parentPort?.on('message', (message: Message) => {
  if (message.type === 'close') {
    writer?.close();
    parentPort?.close();
    return;
  }
  try {
    writer ??= open();
    if (message.type === 'append') writer.append(message);
    else if (message.type === 'probe') writer.probe(message);
    else writer.snapshot(message.path);
    answer(message.type);
  } catch (error) {
    answer(message.type, error);
  }
});

function answer(to: Answer['to'], error?: unknown): void {
  const told: Answer = { to };
  if (error !== undefined) {
    told.error = error instanceof Error ? error.message : String(error);
    told.final = isFinal((error as { errcode?: number }).errcode ?? 0);
  }
  parentPort?.postMessage(told);
}
