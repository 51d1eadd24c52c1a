/** What is written of one request, stage by stage (audit.k8s.io/v1 Event). */
import type { ServerResponse } from 'node:http';
import type { StatusError } from '../../kube/status.ts';
import type { UserInfo } from '../engine.ts';
import type { Plan, Stage } from './policy.ts';

/** Where a request comes from. */
export interface Source {
  uri: string | undefined;
  userAgent?: string;
  /** The first of them is what the client says it is; the last is who is connected. */
  ips: readonly string[];
  /** What the request is called; absent: not yet anything. */
  id?: string;
}

export interface RecordStart {
  plan: Plan;
  source: Source;
  id: string;
  /** Who proved who they are; undefined: nobody did. */
  user: UserInfo | undefined;
  verb: string;
  resource?: { group: string; version: string; plural: string; subresource?: string | undefined; namespace?: string | undefined; name?: string | undefined };
  /** It ends when the client has had enough, and says when it begins. */
  long: boolean;
  /** Epoch ms. */
  now(): number;
  write(line: string): void;
}

interface ObjectReference {
  resource?: string;
  namespace?: string | undefined;
  name?: string | undefined;
  uid?: string | undefined;
  apiGroup?: string | undefined;
  apiVersion?: string;
  resourceVersion?: string | undefined;
  subresource?: string | undefined;
}

type Json = Record<string, unknown>;

const USER_AGENT_MAX = 1024;
/** Larger answers are left out and marked so. */
const RESPONSE_MAX_BYTES = 10 * 1024 * 1024;
const TRUNCATED = 'audit.k8s.io/truncated';

export class AuditRecord {
  readonly #start: RecordStart;
  readonly #receivedAt: string;
  readonly #objectRef: ObjectReference | undefined;
  readonly #annotations: Record<string, string> = {};
  #acting: UserInfo | undefined;
  #requestObject: unknown;
  #status: Json | undefined;
  #answer: unknown;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #started = false;

  constructor(start: RecordStart) {
    this.#start = start;
    this.#receivedAt = microTime(start.now());
    const { resource } = start;
    this.#objectRef = resource && {
      resource: resource.plural,
      namespace: resource.namespace,
      name: resource.name,
      apiGroup: resource.group || undefined,
      apiVersion: resource.version,
      subresource: resource.subresource,
    };
  }

  received(): void {
    this.#emit('RequestReceived');
  }

  /** The answer goes through here. */
  follow(response: ServerResponse): void {
    if (this.#start.long) this.#watchHead(response);
    else if (this.#start.plan.level === 'RequestResponse') this.#capture(response);
  }

  /** The answer, where nobody writes it. */
  response(answer: () => unknown): void {
    if (this.#start.plan.level === 'RequestResponse') this.#answer = answer();
  }

  /** The user asks as someone else. */
  actAs(user: UserInfo): void {
    this.#acting = user;
  }

  /** Nobody was let in: this is all that is written. */
  refused(message: string): void {
    this.#status = { status: 'Failure', message };
    this.#emit('ResponseStarted', 401);
  }

  annotate(key: string, value: string): void {
    this.#annotations[key] = value;
  }

  /** The object or the options sent, before anybody changes it. */
  request(value: unknown): void {
    const { metadata } = (value ?? {}) as { metadata?: { name?: string; namespace?: string; uid?: string; resourceVersion?: string } };
    const reference = this.#objectRef;
    if (reference !== undefined) {
      reference.namespace ??= metadata?.namespace || undefined;
      reference.name ??= metadata?.name || undefined;
      reference.uid ??= metadata?.uid || undefined;
      reference.resourceVersion ??= metadata?.resourceVersion || undefined;
    }
    // Copied: the engine takes the body over.
    if (this.#start.plan.level !== 'Metadata') this.#requestObject = structuredClone(value);
  }

  patch(value: unknown): void {
    if (this.#start.plan.level !== 'Metadata') this.#requestObject = structuredClone(value);
  }

  /** The answer is a Status. */
  status(status: object): void {
    const { status: outcome, message, reason, details } = status as Json;
    this.#status = { status: outcome, message, reason, details };
  }

  /** The head of a long answer is on its way. */
  started(code: number): void {
    if (this.#started) return;
    this.#started = true;
    if (this.#start.long) this.#emit('ResponseStarted', code);
  }

  /** `failure`: what was answered instead; a `crash` is nobody's answer. */
  finish(code: number, failure?: StatusError, crash?: Error): void {
    if (failure !== undefined) this.status(failure.status);
    if (crash !== undefined) this.#status = { status: 'Failure', message: `APIServer panic'd: ${crash.message}`, reason: 'InternalError' };
    this.started(code);
    this.#emit(crash === undefined ? 'ResponseComplete' : 'Panic', code);
  }

  #watchHead(response: ServerResponse): void {
    const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
    response.writeHead = (...args: unknown[]) => {
      const written = writeHead(...args);
      this.started(response.statusCode);
      return written;
    };
  }

  /** Keeps a copy of what is written. */
  #capture(response: ServerResponse): void {
    const keep = (chunk: unknown): void => {
      if (typeof chunk !== 'string' && !Buffer.isBuffer(chunk)) return;
      this.#bytes += chunk.length;
      if (this.#bytes <= RESPONSE_MAX_BYTES) this.#chunks.push(Buffer.from(chunk));
    };
    const write = response.write.bind(response) as (...args: unknown[]) => boolean;
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
    response.write = (...args: unknown[]) => (keep(args[0]), write(...args));
    response.end = (...args: unknown[]) => (keep(args[0]), end(...args));
  }

  #responseObject(): unknown {
    if (this.#answer !== undefined) return this.#answer;
    if (this.#bytes > RESPONSE_MAX_BYTES) {
      this.#annotations[TRUNCATED] = 'true';
      return undefined;
    }
    if (this.#bytes === 0) return undefined;
    try {
      return JSON.parse(Buffer.concat(this.#chunks).toString());
    } catch {
      // A log, a page: no object.
      return undefined;
    }
  }

  #emit(stage: Stage, code?: number): void {
    const { plan, source, id, user, verb, now, write } = this.#start;
    if (plan.omitStages.has(stage)) return;
    const over = stage === 'ResponseComplete' || stage === 'Panic';
    const responseObject = over ? this.#responseObject() : undefined;
    const bare = (value: unknown): unknown => (plan.omitManagedFields ? withoutManagedFields(value) : value);
    const event = {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: plan.level,
      auditID: id,
      stage,
      requestURI: source.uri,
      verb,
      user: user === undefined ? {} : userJson(user),
      impersonatedUser: this.#acting && userJson(this.#acting),
      sourceIPs: source.ips,
      userAgent: shortened(source.userAgent),
      objectRef: this.#objectRef,
      responseStatus: code === undefined ? undefined : { metadata: {}, ...this.#status, code },
      requestObject: over && this.#requestObject !== undefined ? bare(this.#requestObject) : undefined,
      responseObject: responseObject === undefined ? undefined : bare(responseObject),
      requestReceivedTimestamp: this.#receivedAt,
      stageTimestamp: microTime(now()),
      annotations: Object.keys(this.#annotations).length === 0 ? undefined : this.#annotations,
    };
    write(JSON.stringify(event));
  }
}

function userJson({ name, uid, groups, extra }: UserInfo): object {
  return { username: name, uid, groups, ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extra }) };
}

function shortened(agent: string | undefined): string | undefined {
  return agent !== undefined && agent.length > USER_AGENT_MAX ? `${agent.slice(0, USER_AGENT_MAX)}...TRUNCATED` : agent;
}

/** Go's MicroTime; the clock has milliseconds. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

function withoutManagedFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const object: Json = { ...value };
  const { metadata } = object;
  if (typeof metadata === 'object' && metadata !== null) {
    const { managedFields: _managedFields, ...rest } = metadata as Json;
    object['metadata'] = rest;
  }
  if (Array.isArray(object['items'])) object['items'] = object['items'].map(withoutManagedFields);
  if (Array.isArray(object['rows']))
    object['rows'] = object['rows'].map((row: Json) => ('object' in row ? { ...row, object: withoutManagedFields(row['object']) } : row));
  return object;
}
