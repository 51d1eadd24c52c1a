/** What one run of the capacity experiment measured. Times are seconds since `kubectl scale` was called. */
import type { Moment } from './chart.ts';

export interface Sample extends Moment {
  /** Ready pods of the app. */
  ready: number;
  /** Nodes that are Ready. */
  nodes: number;
  /** Ready placeholder pods. */
  placeholders: number;
  /** Requests answered in the second before. */
  requestsPerSecond: number;
}

export interface Run {
  /** 'without a placeholder' */
  title: string;
  /** Seconds from `kubectl scale` to the fifth pod Running and Ready. */
  fifthRunningSeconds: number;
  fifthReadySeconds: number;
  /** The node the fifth pod runs on. */
  fifthNode: string;
  samples: Sample[];
  requests: { sent: number; failed: number; p50Ms: number; p99Ms: number };
}
