import { readFileSync } from 'node:fs';

export interface SwaggerSchema {
  type?: string;
  format?: string;
  description?: string;
  $ref?: string;
  allOf?: SwaggerSchema[];
  items?: SwaggerSchema;
  additionalProperties?: SwaggerSchema;
  properties?: Record<string, SwaggerSchema>;
  required?: string[];
  default?: unknown;
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: string;
}

export function readSwagger(file: string): Record<string, SwaggerSchema> {
  return (JSON.parse(readFileSync(file, 'utf8')) as { components: { schemas: Record<string, SwaggerSchema> } }).components.schemas;
}
