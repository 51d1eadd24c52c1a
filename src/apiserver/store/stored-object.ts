/** Objects as the store keeps them: encoded once, parsed at most once, shared by every reader. */
import type { KubeObject } from '../../kube/types.ts';
import type { StoredObject } from '../engine.ts';

/** Tests find out who changes a shared object; production does not pay for it. */
const FREEZE = process.env['NODE_TEST_CONTEXT'] !== undefined;

export class StoredJson implements StoredObject {
  readonly revision: number;
  readonly bytes: Buffer;
  #object: KubeObject | undefined;

  /** `object`, when given, is what `bytes` says and belongs to the store from now on. */
  constructor(revision: number, bytes: Buffer, object?: KubeObject) {
    this.revision = revision;
    this.bytes = bytes;
    this.#object = FREEZE && object !== undefined ? deepFreeze(object) : object;
  }

  get object(): KubeObject {
    if (this.#object === undefined) {
      // Only what the store wrote itself is read here.
      const parsed = JSON.parse(this.bytes.toString('utf8')) as KubeObject;
      this.#object = FREEZE ? deepFreeze(parsed) : parsed;
    }
    return this.#object;
  }
}

/** Encodes an object the caller gives away; `revision` 0 is for answers that are not stored. */
export function encode(revision: number, object: KubeObject): StoredJson {
  const text = JSON.stringify(typeFirst(object));
  // Not from Buffer's shared pool: one long-lived object there would keep the whole slab alive.
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return new StoredJson(revision, bytes, object);
}

/** Lists leave out what begins their items (`http/representation.ts`): some clients write the kind first, or neither. */
function typeFirst(object: KubeObject): KubeObject {
  let place = 0;
  for (const name in object) {
    if (name !== (place === 0 ? 'apiVersion' : 'kind')) {
      const { apiVersion, kind, ...rest } = object;
      return { apiVersion, kind, ...rest };
    }
    if (++place === 2) break;
  }
  return object;
}

/** The same object at another revision: how a deletion, or a departure from a selection, is told. */
export function atRevision(stored: StoredObject, revision: number): StoredJson {
  const { object } = stored;
  return encode(revision, { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
