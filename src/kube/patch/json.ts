/** JSON Patch (RFC 6902). */
import { isDeepStrictEqual } from 'node:util';
import { StatusError, badRequest } from '../status.ts';
import type { Json, JsonObject } from './json-value.ts';
import { isJsonObject, withField } from './json-value.ts';

const MAX_OPERATIONS = 10_000;
/** Of all values copied in one patch, encoded: a few "copy" operations can double a document without end. */
const MAX_COPIED_BYTES = 3 * 1024 * 1024;

/** The server refuses the operation itself, not the document: 422 Invalid, as upstream. */
export class OperationFailed extends StatusError {
  readonly why: string;
  /** It was a test, and the document is not as it was to be. */
  readonly isTest: boolean;
  constructor(why: string, isTest = false) {
    super(422, 'Invalid', `the server rejected our request due to an error in our request: ${why}`, {});
    this.why = why;
    this.isTest = isTest;
  }
}

const failed = (why: string): OperationFailed => new OperationFailed(why);

/**
 * Applies operations in order; the document is not changed. Throws StatusError: 400 when the patch is not one,
 * 422 when an operation fails ('test', a path that is not there), 413 for more than 10,000 operations.
 */
export function applyJsonPatch(document: Json, operations: unknown): Json {
  if (!Array.isArray(operations)) {
    const found = operations === null ? 'null' : typeof operations === 'boolean' ? 'bool' : typeof operations;
    throw badRequest(`error decoding patch: json: cannot unmarshal ${found} into Go value of type []handlers.jsonPatchOp`);
  }
  if (operations.length > MAX_OPERATIONS) {
    throw new StatusError(413, 'RequestEntityTooLarge', `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`);
  }
  // One copy up front: operations then work in place.
  let result = structuredClone(document);
  const copied = { bytes: 0 };
  for (const operation of operations) result = apply(result, operation, copied);
  return result;
}

function apply(document: Json, operation: unknown, copied: { bytes: number }): Json {
  if (!isJsonObject(operation as Json)) throw badRequest('an operation of a JSON patch is an object');
  const { op, path, from, value } = operation as JsonObject;
  if (typeof path !== 'string') throw badRequest(`JSON patch operation ${JSON.stringify(op)} has no path`);
  switch (op) {
    case 'add':
      return add(document, path, needValue(operation as JsonObject, value));
    case 'replace':
      get(document, path);
      return path === '' ? needValue(operation as JsonObject, value) : add(remove(document, path), path, needValue(operation as JsonObject, value));
    case 'remove':
      return remove(document, path);
    case 'copy': {
      const original = get(document, needFrom(from));
      copied.bytes += JSON.stringify(original).length;
      if (copied.bytes > MAX_COPIED_BYTES)
        throw failed(`Unable to copy, the accumulated size increase of copy is ${copied.bytes}, exceeding the limit ${MAX_COPIED_BYTES}`);
      return add(document, path, structuredClone(original));
    }
    case 'move': {
      const moved = get(document, needFrom(from));
      if (path.startsWith(`${needFrom(from)}/`)) throw failed(`cannot move ${needFrom(from)} into itself`);
      return add(remove(document, needFrom(from)), path, moved);
    }
    case 'test':
      if (!isDeepStrictEqual(getOrNull(document, path), value ?? null)) throw new OperationFailed(`testing path ${path} failed`, true);
      return document;
    default:
      throw failed(`Unexpected kind: ${String(op ?? 'unknown')}`);
  }
}

function needValue(operation: JsonObject, value: Json | undefined): Json {
  if (!Object.hasOwn(operation, 'value') || value === undefined) throw badRequest(`JSON patch operation ${JSON.stringify(operation['op'])} has no value`);
  return structuredClone(value);
}

function needFrom(from: Json | undefined): string {
  if (typeof from !== 'string') throw badRequest('JSON patch operations "copy" and "move" have a from');
  return from;
}

function tokens(path: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw failed(`path ${JSON.stringify(path)} does not start with a slash`);
  return path
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function indexIn(list: Json[], token: string, forAdd: boolean): number {
  if (forAdd && token === '-') return list.length;
  if (!/^(0|[1-9]\d*)$/.test(token)) throw failed(`${JSON.stringify(token)} is not an index of a list`);
  const index = Number(token);
  if (index > list.length || (!forAdd && index === list.length)) throw failed(`index ${index} is out of bounds of a list of ${list.length}`);
  return index;
}

function step(value: Json, token: string, path: string): Json {
  const next = Array.isArray(value) ? value[indexIn(value, token, false)] : isJsonObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
  if (next === undefined) throw failed(`${path}: there is nothing at ${JSON.stringify(token)}`);
  return next;
}

function get(document: Json, path: string): Json {
  return tokens(path).reduce((value, token) => step(value, token, path), document);
}

function getOrNull(document: Json, path: string): Json {
  try {
    return get(document, path);
  } catch {
    return null;
  }
}

function parentOf(document: Json, path: string): { parent: Json; last: string } {
  const all = tokens(path);
  const last = all.pop() ?? '';
  return { parent: all.reduce((value, token) => step(value, token, path), document), last };
}

function add(document: Json, path: string, value: Json): Json {
  if (path === '') return value;
  const { parent, last } = parentOf(document, path);
  if (Array.isArray(parent)) parent.splice(indexIn(parent, last, true), 0, value);
  else if (isJsonObject(parent)) withField(parent, last, value);
  else throw failed(`${path}: its parent is neither an object nor a list`);
  return document;
}

function remove(document: Json, path: string): Json {
  if (path === '') return null;
  const { parent, last } = parentOf(document, path);
  if (Array.isArray(parent)) parent.splice(indexIn(parent, last, false), 1);
  else if (isJsonObject(parent) && Object.hasOwn(parent, last)) delete parent[last];
  else throw failed(`${path}: there is nothing to remove`);
  return document;
}
