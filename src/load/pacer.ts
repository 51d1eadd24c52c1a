/** What decides when requests are sent: users that wait for answers (closed-loop.ts), or a schedule that does not (open-loop.ts). */
export interface Pacer {
  start(): void;
  /** Sends nothing more. */
  stop(): void;
  /** Users at work; 0 where there are none. */
  readonly users: number;
  /** Requests that are due and wait for a free connection. */
  readonly waiting: number;
  /** Requests that were due and never sent. */
  readonly unsent: number;
  readonly late: Lateness;
}

/** Requests that were sent noticeably after they were due. */
export interface Lateness {
  /** Because all connections were busy. */
  busy: number;
  /** Because this process could not keep up. */
  slow: number;
  mostMs: number;
}
