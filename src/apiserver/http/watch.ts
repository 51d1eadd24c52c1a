/** Streaming a watch: one JSON object a line, everything queued in one write, at the reader's pace. */
import type { ServerResponse } from 'node:http';
import type { Cancel, Clock } from '../../runtime/clock.ts';
import type { ApiWatch, ApiWatchEvent, ResourceDefinition } from '../engine.ts';
import { Lines, lineOf } from './lines.ts';
import { renderBookmark, renderWatched, type Rendering } from './representation.ts';
import { JSON_TYPE } from './respond.ts';
import { Turns } from './turns.ts';

/** One write: a watch that begins with 20,000 objects, or is told of large ones, must not hold up others. */
const SLICE_BYTES = 256 * 1024;
/** A watch that has ended waits no longer than this for its client to take what was written. */
const LINGER_MS = 10_000;

const turns = new Turns();
const lines = new Lines();

export interface WatchOutput {
  definition: ResourceDefinition;
  rendering: Omit<Rendering, 'now'>;
  clock: Clock;
  timeoutMs: number;
  /** A last bookmark before the timeout ends the watch. */
  bookmarks: boolean;
}

/** Resolves when the watch is over: timed out, ended by the engine, or the client gone. Rejects when an object cannot be shown. */
export function streamWatch(response: ServerResponse, watch: ApiWatch, output: WatchOutput): Promise<void> {
  response.writeHead(200, { 'Cache-Control': 'no-cache, private', 'Content-Type': JSON_TYPE });
  // The client waits for the headers even when there is no event for long.
  response.flushHeaders();
  return new Promise((resolve, reject) => {
    const render = renderer(output);
    let events: ApiWatchEvent[] = [];
    let next = 0;
    let queued = false;
    let blocked = false;
    let over = false;
    let timedOut = false;
    let cancelLinger: Cancel | undefined;
    const leave = (): void => {
      over = true;
      cancelTimeout();
      cancelLinger?.();
      watch.close();
    };
    const finish = (): void => {
      if (over) return;
      leave();
      response.end();
      resolve();
    };
    const turn = (): void => {
      queued = false;
      if (over) return;
      try {
        step();
      } catch (error) {
        leave();
        reject(error as Error);
      }
    };
    const step = (): void => {
      if (response.destroyed) return finish();
      if (next === events.length) {
        events = watch.drain();
        next = 0;
        // Only where nothing waits: a bookmark says that all before it was told.
        if (timedOut && output.bookmarks && events.length === 0 && !watch.behind) response.write(render({ type: 'BOOKMARK', revision: watch.revision }));
        if (timedOut || (watch.ended && events.length === 0 && !watch.behind)) return finish();
        if (events.length === 0) return;
      }
      const pieces: Buffer[] = [];
      let bytes = 0;
      while (next < events.length && bytes < SLICE_BYTES) {
        const line = render(events[next++]!);
        pieces.push(line);
        bytes += line.length;
      }
      blocked = !response.write(lines.join(pieces, bytes));
      if (blocked && (timedOut || watch.ended)) linger();
      else wake();
    };
    const wake = (): void => {
      if (queued || blocked || over) return;
      queued = true;
      turns.add(turn);
    };
    /** Nothing more comes, and what is written is not being read. */
    const linger = (): void => {
      cancelLinger ??= output.clock.after(LINGER_MS, () => {
        if (blocked) response.destroy();
        finish();
      });
    };
    const cancelTimeout = output.clock.after(output.timeoutMs, () => {
      timedOut = true;
      if (blocked) linger();
      wake();
    });
    response.on('drain', () => {
      blocked = false;
      wake();
    });
    response.on('close', finish);
    watch.onReady(() => {
      if (blocked && watch.ended) linger();
      wake();
    });
    wake();
  });
}

/** One event as a line. */
function renderer({ definition, rendering: form, clock }: WatchOutput): (event: ApiWatchEvent) => Buffer {
  let firstTable = true;
  return (event) => {
    switch (event.type) {
      case 'ERROR':
        return lineOf(event.type, Buffer.from(JSON.stringify(event.status)));
      case 'BOOKMARK':
        return lineOf(event.type, renderBookmark(definition, event.revision, event.initialEventsEnd === true, { ...form, now: clock.now() }));
      default: {
        if (form.form === 'object') return lines.of(event.type, event.object);
        const object = renderWatched(definition, event.object, { ...form, now: clock.now() }, firstTable);
        firstTable = false;
        return lineOf(event.type, object);
      }
    }
  };
}
