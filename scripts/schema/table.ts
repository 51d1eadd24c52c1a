/** The form of types.json: short keys, since there are thousands of fields. Read by src/kube/schema/index.ts. */
import type { SwaggerSchema } from './swagger.ts';

export interface FieldData {
  /** JSON name. */
  n: string;
  /** A scalar's name or a type's name; of the elements when `c` is set. */
  t: string;
  /** List or map. */
  c?: 'l' | 'm';
  /** Protobuf number. */
  p?: number;
  /** Go keeps it by pointer, so protobuf tells its zero value from its absence. */
  z?: 1;
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
  /** Go's embedded structs: protobuf number and type whose fields appear here. */
  inline?: [number, string][];
}

const REFERENCES: Record<string, string> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'microTime',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'raw',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': 'any',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool': 'any',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceStatus': 'any',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray': 'any',
};

/** Type and container of a swagger property. */
export function dataTypeOf(property: SwaggerSchema): Pick<FieldData, 't' | 'c'> {
  const reference = property.$ref ?? property.allOf?.[0]?.$ref;
  if (reference) {
    const name = reference.split('/').at(-1) ?? '';
    return { t: REFERENCES[name] ?? name };
  }
  if (property.type === 'array' && property.items) return { ...dataTypeOf(property.items), c: 'l' };
  if (property.type === 'object' && typeof property.additionalProperties === 'object') return { ...dataTypeOf(property.additionalProperties), c: 'm' };
  if (property.type === 'integer') return { t: property.format === 'int32' ? 'int32' : 'int64' };
  if (property.type === 'number') return { t: 'float64' };
  if (property.type === 'boolean') return { t: 'boolean' };
  if (property.type === 'string') return { t: property.format === 'byte' ? 'bytes' : property.format === 'int-or-string' ? 'intOrString' : 'string' };
  return { t: 'any' };
}
