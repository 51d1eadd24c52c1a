/**
 * The API's errors: every failure a client can see is a `Status` with upstream's reason, code and text.
 * Constructors below are the only place where those texts are written.
 */

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** metav1.Status. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, unknown>;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

/** A `Status` that is thrown. `code` is the HTTP status. */
export class StatusError extends Error {
  readonly status: Status;
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string, details?: StatusDetails, metadata: Record<string, unknown> = {}) {
    super(message);
    this.name = 'StatusError';
    this.code = code;
    this.reason = reason;
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata,
      status: 'Failure',
      message,
      ...(reason === '' ? {} : { reason }),
      ...(details ? { details } : {}),
      code,
    };
  }
}

/** Where an error happened: plural resource name as in URLs ('pods'), group ('' for core), object name. */
export interface StatusTarget {
  group: string;
  plural: string;
  name?: string;
}

function qualified(target: StatusTarget): string {
  return target.group === '' ? target.plural : `${target.plural}.${target.group}`;
}

function detailsOf(target: StatusTarget, more: StatusDetails = {}): StatusDetails {
  return { ...(target.name ? { name: target.name } : {}), ...(target.group ? { group: target.group } : {}), kind: target.plural, ...more };
}

export function notFound(target: StatusTarget): StatusError {
  return new StatusError(404, 'NotFound', `${qualified(target)} "${target.name ?? ''}" not found`, detailsOf(target));
}

export function alreadyExists(target: StatusTarget): StatusError {
  return new StatusError(409, 'AlreadyExists', `${qualified(target)} "${target.name ?? ''}" already exists`, detailsOf(target));
}

/** `why` defaults to upstream's text for a stale resourceVersion. */
export function conflict(
  target: StatusTarget,
  why = 'the object has been modified; please apply your changes to the latest version and try again',
): StatusError {
  return new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(target)} "${target.name ?? ''}": ${why}`, detailsOf(target));
}

/** One wrong field. `reason` is upstream's cause type (FieldValueInvalid, FieldValueRequired, ...); `message` is without the field. */
export interface FieldError {
  reason:
    | 'FieldValueNotFound'
    | 'FieldValueRequired'
    | 'FieldValueDuplicate'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid'
    | 'InternalError';
  field: string;
  message: string;
}

/** 422 with one cause an error; what is said twice is in the message once; `kind` is the object's kind ('Pod'). */
export function invalid(target: { group: string; kind: string; name: string }, errors: readonly FieldError[]): StatusError {
  const kind = target.group === '' ? target.kind : `${target.kind}.${target.group}`;
  const texts = [...new Set(errors.map((e) => `${e.field}: ${e.message}`))];
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new StatusError(422, 'Invalid', `${kind} "${target.name}" is invalid: ${text}`, {
    ...(target.name ? { name: target.name } : {}),
    ...(target.group ? { group: target.group } : {}),
    ...(target.kind ? { kind: target.kind } : {}),
    causes: errors.map((e) => ({ reason: e.reason, message: e.message, field: e.field })),
  });
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

/** 400 for a body that is no object of the API; upstream shows its first 30 characters. */
export function unrecognized(why: string, body: string, kind?: string): StatusError {
  const start = body === '' ? '<empty>' : body.length > 30 ? `${body.slice(0, 30)} ...` : body;
  const what = `couldn't get version/kind; json parse error: ${why}`;
  return badRequest(kind === undefined ? what : `the object provided is unrecognized (must be of type ${kind}): ${what} (${start})`);
}

export function forbidden(target: StatusTarget, why: string, causes?: StatusCause[]): StatusError {
  return new StatusError(403, 'Forbidden', `${qualified(target)} "${target.name ?? ''}" is forbidden: ${why}`, detailsOf(target, causes ? { causes } : {}));
}

export function unauthorized(): StatusError {
  return new StatusError(401, 'Unauthorized', 'Unauthorized');
}

export function methodNotSupported(target: StatusTarget, verb: string): StatusError {
  return new StatusError(405, 'MethodNotAllowed', `${verb} is not supported on resources of kind "${qualified(target)}"`, detailsOf(target));
}

/** 405 where the method means nothing for the path. */
export function methodNotAllowed(): StatusError {
  return new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

/** A watch or a continue token asks for history that is gone. */
export function expired(message: string, metadata?: Record<string, unknown>): StatusError {
  return new StatusError(410, 'Expired', message, undefined, metadata);
}

export function requestEntityTooLarge(limitBytes: number): StatusError {
  return new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes}`);
}

export function unsupportedMediaType(message: string): StatusError {
  return new StatusError(415, 'UnsupportedMediaType', message);
}

export function notAcceptable(message: string): StatusError {
  return new StatusError(406, 'NotAcceptable', message);
}

export function serverTimeout(message: string, retryAfterSeconds = 1): StatusError {
  return new StatusError(504, 'Timeout', message, { retryAfterSeconds });
}

export function internalError(message: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
}

export function serviceUnavailable(message: string): StatusError {
  return new StatusError(503, 'ServiceUnavailable', message);
}

export function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'NotFound';
}

export function isConflict(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'Conflict';
}

export function isAlreadyExists(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'AlreadyExists';
}

export function isGone(error: unknown): boolean {
  return error instanceof StatusError && error.code === 410;
}
