/**
 * What the API server asks of the node a pod runs on: the kubelet's API, as an interface.
 * In the local world `node/` implements it in the same process; nothing here knows HTTP.
 */
import type { Duplex, Readable, Writable } from 'node:stream';

export interface LogOptions {
  container?: string;
  follow?: boolean;
  previous?: boolean;
  timestamps?: boolean;
  tailLines?: number;
  limitBytes?: number;
  sinceSeconds?: number;
  /** RFC 3339. */
  sinceTime?: string;
}

export interface ExecOptions {
  container?: string;
  command: readonly string[];
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** A running command. With a tty all output comes on `stdout`. Streams not asked for are null. */
export interface ExecSession {
  stdin: Writable | null;
  stdout: Readable | null;
  stderr: Readable | null;
  resize(columns: number, rows: number): void;
  /** Resolves when the command has ended and its output has been read. */
  exit: Promise<{ exitCode: number }>;
  /** The client is gone: end the command. */
  kill(): void;
}

export interface PodRef {
  namespace: string;
  name: string;
  uid: string;
}

/** Rejects with a StatusError (400 for a wrong container, 404 for a pod that is not here). */
export interface Kubelet {
  logs(pod: PodRef, options: LogOptions, signal: AbortSignal): Promise<Readable>;
  exec(pod: PodRef, options: ExecOptions): Promise<ExecSession>;
  /** Like exec, to the container's own process. */
  attach(pod: PodRef, options: Omit<ExecOptions, 'command'>): Promise<ExecSession>;
  /** A connection to a TCP port inside the pod's network. */
  portForward(pod: PodRef, port: number): Promise<Duplex>;
  /** Usage since the last call is the caller's arithmetic: cpu is cumulative. */
  stats(): Promise<NodeStats>;
}

export interface ContainerUsage {
  name: string;
  /** Cumulative CPU time in nanoseconds. */
  cpuNanoseconds: number;
  /** Working set. */
  memoryBytes: number;
}

export interface NodeStats {
  /** Epoch ms of the sample. */
  time: number;
  cpuNanoseconds: number;
  memoryBytes: number;
  pods: { pod: PodRef; containers: ContainerUsage[] }[];
}

/** Finds the kubelet of a node; undefined when the node has none here. */
export type KubeletOf = (nodeName: string) => Kubelet | undefined;
