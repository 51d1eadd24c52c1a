/** From properties of the swagger to the form of types.json. */
import type { FieldData } from '../../src/kube/schema/table-data.ts';
import type { SwaggerSchema } from './swagger.ts';

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
