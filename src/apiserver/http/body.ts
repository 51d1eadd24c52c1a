/** Request bodies: read whole up to a limit, then decoded by content type. */
import type { IncomingMessage } from 'node:http';
import { decodeKubeProtobuf, ProtobufError } from '../../kube/protobuf/decode.ts';
import { JsonError, parseJson } from '../../kube/schema/json.ts';
import { badRequest, requestEntityTooLarge, unrecognized, unsupportedMediaType } from '../../kube/status.ts';
import type { PatchType } from '../../runtime/client.ts';

export const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** What is still read of a body that is too big: a client that is cut off while it sends never sees the answer. */
const MAX_DRAIN_BYTES = 64 * 1024 * 1024;

const JSON_TYPE = 'application/json';
const YAML_TYPE = 'application/yaml';
const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';
const PATCH_TYPES: Record<string, PatchType> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

export interface Decoded {
  value: unknown;
  /** Paths of keys that stand twice in one object. */
  duplicates: readonly string[];
  /** The same of YAML: 'line 9: key "foo" already set in map'. */
  yamlDuplicates?: readonly string[];
}

/** Rejects with StatusError 413 when the body is longer than `MAX_BODY_BYTES`. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else if (bytes > MAX_DRAIN_BYTES) break;
  }
  if (bytes > MAX_BODY_BYTES) throw requestEntityTooLarge(MAX_BODY_BYTES);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
}

/** Undefined for an empty body. `kind`, where there is one the body must have, is named in errors. Throws StatusError 400 or 415. */
export async function readObject(request: IncomingMessage, kind?: string): Promise<Decoded | undefined> {
  const bytes = await readBody(request);
  if (bytes.length === 0) return undefined;
  const type = mediaType(request);
  if (type === PROTOBUF_TYPE) return decodeProtobuf(bytes);
  if (type === YAML_TYPE) return decodeYaml(bytes);
  if (type === JSON_TYPE || type === '') return decodeJson(bytes, kind);
  throw unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${JSON_TYPE}, ${YAML_TYPE}, ${PROTOBUF_TYPE}`);
}

/** A patch and how it is to be applied. Throws StatusError 400 or 415. */
export async function readPatch(request: IncomingMessage): Promise<Decoded & { type: PatchType }> {
  const type = PATCH_TYPES[mediaType(request)];
  if (type === undefined) {
    throw unsupportedMediaType(`415: Unsupported Media Type, take one of ${Object.keys(PATCH_TYPES).join(', ')}`);
  }
  const bytes = await readBody(request);
  return { type, ...(type === 'apply' ? await decodeYaml(bytes) : decodeJson(bytes)) };
}

function decodeJson(bytes: Buffer, kind?: string): Decoded {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (error instanceof JsonError) throw unrecognized(goJsonError(error.message), bytes.toString('utf8'), kind);
    throw error;
  }
}

/** The commonest of the engine's words in those of Go's decoder. */
function goJsonError(message: string): string {
  if (message.startsWith('Unexpected end of JSON input') || message.startsWith('Unterminated string')) return 'unexpected end of JSON input';
  return message;
}

function decodeProtobuf(bytes: Buffer): Decoded {
  try {
    return { value: decodeKubeProtobuf(bytes), duplicates: [] };
  } catch (error) {
    if (error instanceof ProtobufError) throw badRequest(`unable to decode the protobuf body: ${error.message}`);
    throw error;
  }
}

/** JSON is YAML too, and most of what comes as YAML is JSON. */
async function decodeYaml(bytes: Buffer): Promise<Decoded> {
  const text = bytes.toString('utf8');
  if (/^\s*[{[]/.test(text)) {
    try {
      return parseJson(text);
    } catch {
      // A flow mapping that only YAML can read.
    }
  }
  const { readYaml } = await import('../../kube/yaml.ts');
  try {
    const { value, duplicates } = readYaml(text);
    return { value, duplicates: [], yamlDuplicates: duplicates };
  } catch (error) {
    throw badRequest(`error converting YAML to JSON: yaml: ${(error as Error).message.split('\n')[0]}`);
  }
}
