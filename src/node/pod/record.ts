/** What the agent knows about a pod's containers beyond the API; kept on disk, so that a restarted agent goes on where it was. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessId } from '../oci/process.ts';

export interface Termination {
  exitCode: number;
  reason: string;
  message?: string;
  startedAtMs: number;
  finishedAtMs: number;
  containerId?: string;
}

export interface ContainerRecord {
  name: string;
  restartCount: number;
  /** waiting: not there; starting: in the making (image, creation, hook); running; exited. */
  phase: 'waiting' | 'starting' | 'running' | 'exited';
  /** Why it is not there; absent: 'ContainerCreating' or 'PodInitializing'. */
  waiting?: { reason: string; message?: string };
  /** Of the last container made, also while it is being made. */
  id?: string;
  process?: ProcessId;
  imageId?: string;
  stopSignal?: string;
  startedAtMs?: number;
  termination?: Termination;
  /** How the container before this one ended. */
  last?: Termination;
  /** Probes' verdicts. */
  started: boolean;
  ready: boolean;
  /** Crash or pull back-off: the wait now, and when it ends (epoch ms). */
  backOffMs?: number;
  backOffUntilMs?: number;
  /** Set while the agent ends the container itself, with the reason for a new start. */
  killing?: string;
}

export interface PodRecord {
  namespace: string;
  name: string;
  uid: string;
  ip?: string;
  networkNamespace?: string;
  /** Epoch ms. */
  startedAtMs: number;
  /** Set when the pod has failed as a whole; it never runs again. */
  failure?: { reason: string; message: string };
  containers: Record<string, ContainerRecord>;
}

export function newContainerRecord(name: string): ContainerRecord {
  return { name, restartCount: 0, phase: 'waiting', started: false, ready: false };
}

const FILE = 'record.json';

/** Replaces the file in one step. Not synced: after a crash of the machine no container is there either. */
export function saveRecord(podDir: string, record: PodRecord): void {
  mkdirSync(podDir, { recursive: true, mode: 0o700 });
  const file = join(podDir, FILE);
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
}

/** Undefined when there is none or it cannot be read. */
export function loadRecord(podDir: string): PodRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(podDir, FILE), 'utf8')) as PodRecord;
  } catch {
    return undefined;
  }
}
