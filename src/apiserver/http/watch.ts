/** Streaming a watch: one JSON object a line, everything queued in one write, at the reader's pace. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../runtime/clock.ts';
import type { ApiWatch, ApiWatchEvent, ResourceDefinition } from '../engine.ts';
import { renderBookmark, renderWatched, type Rendering } from './representation.ts';
import { drained, JSON_TYPE } from './respond.ts';

const PREFIX = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
  BOOKMARK: Buffer.from('{"type":"BOOKMARK","object":'),
  ERROR: Buffer.from('{"type":"ERROR","object":'),
};
const SUFFIX = Buffer.from('}\n');
/** Events in one write: a watch that begins with 20,000 objects must not hold up others. */
const BATCH = 500;

export interface WatchOutput {
  definition: ResourceDefinition;
  rendering: Omit<Rendering, 'now'>;
  clock: Clock;
  timeoutMs: number;
  /** A last bookmark before the timeout ends the watch. */
  bookmarks: boolean;
}

/** Resolves when the watch is over: timed out, ended by the engine, or the client gone. */
export async function streamWatch(response: ServerResponse, watch: ApiWatch, output: WatchOutput): Promise<void> {
  let wake = (): void => undefined;
  let timedOut = false;
  let firstTable = true;
  const cancelTimeout = output.clock.after(output.timeoutMs, () => {
    timedOut = true;
    wake();
  });
  response.on('close', () => {
    watch.close();
    wake();
  });
  watch.onReady(() => wake());
  response.writeHead(200, { 'Cache-Control': 'no-cache, private', 'Content-Type': JSON_TYPE });
  // The client waits for the headers even when there is no event for long.
  response.flushHeaders();
  const render = (event: ApiWatchEvent): Buffer[] => {
    const rendering = { ...output.rendering, now: output.clock.now() };
    switch (event.type) {
      case 'ERROR':
        return [PREFIX.ERROR, Buffer.from(JSON.stringify(event.status)), SUFFIX];
      case 'BOOKMARK':
        return [PREFIX.BOOKMARK, renderBookmark(output.definition, event.revision, event.initialEventsEnd === true, rendering), SUFFIX];
      default: {
        const object = renderWatched(output.definition, event.object, rendering, firstTable);
        firstTable = false;
        return [PREFIX[event.type], object, SUFFIX];
      }
    }
  };
  try {
    for (;;) {
      // Asked for before looking: what comes in between is not slept through.
      const ready = new Promise<void>((resolve) => (wake = resolve));
      const events = watch.drain();
      for (let from = 0; from < events.length; from += BATCH) {
        const batch = events.slice(from, from + BATCH).flatMap(render);
        if (!response.write(Buffer.concat(batch))) await drained(response);
        if (response.destroyed) return;
      }
      if (timedOut) {
        if (output.bookmarks) response.write(Buffer.concat(render({ type: 'BOOKMARK', revision: watch.revision })));
        break;
      }
      if (events.length > 0) continue;
      if (watch.ended || response.destroyed) break;
      await ready;
    }
  } finally {
    cancelTimeout();
    watch.close();
    response.end();
  }
}
