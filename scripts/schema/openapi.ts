/** What upstream's OpenAPI says of types: texts, what is required, defaults, how lists and maps are merged. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FieldData } from '../../src/kube/schema/table-data.ts';

export interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  default?: unknown;
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: string;
}

/** By OpenAPI name, from the documents of every group and version. `kubernetes`: the module's folder. */
export function readSchemas(kubernetes: string): Record<string, Schema> {
  const schemas: Record<string, Schema> = {};
  for (const file of globSync(join(kubernetes, 'api/openapi-spec/v3/*_openapi.json'))) {
    const { components } = JSON.parse(readFileSync(file, 'utf8')) as { components?: { schemas?: Record<string, Schema> } };
    Object.assign(schemas, components?.schemas);
  }
  describeEnums(readFileSync(join(kubernetes, 'pkg/generated/openapi/zz_generated.openapi.go'), 'utf8'), schemas);
  return schemas;
}

/** The documents leave out the values of enumerations, which servers list in the texts of fields: those of Go's definitions do. */
function describeEnums(source: string, schemas: Record<string, Schema>): void {
  for (const [, packages = '', type = '', body = ''] of source.matchAll(/^func schema_(\w+)_([A-Za-z0-9]+)\(ref [^\n]*\n([\s\S]*?)^}/gm)) {
    const properties = schemas[openApiName(packages, type)]?.properties;
    if (properties === undefined) continue;
    for (const [, name = '', text = ''] of body.matchAll(
      /^\t{5}"([^"]+)": \{\n[^\n]*\n\t{7}Description: +("(?:[^"\\]|\\.)*Possible enum values(?:[^"\\]|\\.)*")/gm,
    )) {
      if (properties[name] !== undefined) properties[name].description = JSON.parse(text) as string;
    }
  }
}

const PACKAGES: Record<string, string> = {
  pkg_apis_meta_v1: 'io.k8s.apimachinery.pkg.apis.meta.v1',
  pkg_apis_apiextensions_v1: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  pkg_apis_apiregistration_v1: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
};

/** Of ('k8sio_api_core_v1', 'Pod'), as Go's definitions are named. */
function openApiName(packages: string, type: string): string {
  return `${PACKAGES[packages] ?? packages.replace('k8sio_', 'io.k8s.').replaceAll('_', '.')}.${type}`;
}

type Markers = Pick<FieldData, 'd' | 'ps' | 'mk' | 'lt' | 'lk' | 'mt'>;

/** Defaults and marks of one property, as the table has them. */
export function markersOf(property: Schema | undefined): Markers {
  if (property === undefined) return {};
  const markers: Markers = {};
  if (property.default !== undefined && !isZero(property.default)) markers.d = property.default;
  if (property['x-kubernetes-patch-strategy']) markers.ps = property['x-kubernetes-patch-strategy'];
  if (property['x-kubernetes-patch-merge-key']) markers.mk = property['x-kubernetes-patch-merge-key'];
  if (property['x-kubernetes-list-type']) markers.lt = property['x-kubernetes-list-type'];
  if (property['x-kubernetes-list-map-keys']) markers.lk = property['x-kubernetes-list-map-keys'];
  if (property['x-kubernetes-map-type']) markers.mt = property['x-kubernetes-map-type'];
  return markers;
}

/** Go's zero values are named as defaults of what is not optional; they say nothing. */
function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
