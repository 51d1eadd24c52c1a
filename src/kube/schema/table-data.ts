/** The form of data/types.json: short keys, since there are thousands of fields. Written by scripts/schema/generate.ts. */
export interface FieldData {
  /** JSON name. */
  n: string;
  /** A scalar's name or a type's name; of the elements when `c` is set. */
  t: string;
  /** List or map. */
  c?: 'l' | 'm';
  /** Protobuf number. */
  p?: number;
  /** Go keeps it by pointer: its zero value is told from its absence. */
  z?: 1;
  /** Nobody has to give it, and yet Go writes it whatever it holds. */
  k?: 1;
  /** In protobuf a message that is something else in JSON. */
  w?: 'empty' | 'json' | 'schemaOrBool' | 'schemaOrList' | 'schemaOrStrings';
  /** Required. */
  r?: 1;
  /** Default. */
  d?: unknown;
  /** Patch strategy, merge key. */
  ps?: string;
  mk?: string;
  /** List type, list map keys, map type. */
  lt?: string;
  lk?: string[];
  mt?: string;
}

export interface TypeData {
  fields: FieldData[];
  /** Has apiVersion and kind. */
  kind?: true;
  /** Replaced and owned as one (x-kubernetes-map-type: atomic). */
  atomic?: true;
  /** Go's embedded structs: protobuf number and type whose fields appear here. */
  inline?: [number, string][];
}
