/** What sends the requests; real ones over sockets (http/), others in tests. */

/** How a request ended: `status` 0 when no whole answer came, and then `error` says why. `bytes` are all that were read for it. */
export type Done = (status: number, bytes: number, error: string | undefined) => void;

/** Carries one request at a time. */
export interface Connection {
  /** Calls `done` once, later. Connects when it has to. */
  send(done: Done): void;
  /** Gives up the request in hand, whose `done` is never called, and what it came over. It may be used again. */
  drop(): void;
}

export interface Transport {
  connection(): Connection;
}
