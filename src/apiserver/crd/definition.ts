/** From a CustomResourceDefinition to the resources it defines, one a served version. */
import { embeddedErrors, listErrors } from './invariants.ts';
import { isObject, ownSchema, type JsonObject, type JsonSchema } from './schema.ts';
import { checkRules, hasRules } from './rules.ts';
import { applySchemaDefaults, lacksDefaults, prune } from './shape.ts';
import { validateAgainst } from './validate.ts';
import type { FieldError } from '../../kube/status.ts';
import type { CustomResourceDefinition, KubeObject } from '../../kube/types.ts';
import { copyJson } from '../../kube/json.ts';
import type { ConversionWebhook, ObjectStrategy, ResourceDefinition, ScalePaths, SubresourceDefinition } from '../engine.ts';

type Version = CustomResourceDefinition['spec']['versions'][number];
type Column = NonNullable<ResourceDefinition['custom']>['columns'][number];

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'] as const;
const AGE: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.',
};

/** Definitions of all served versions; objects are stored in the storage version and converted by `apiVersion` alone (strategy None) or by a webhook. */
export function definitionsOf(crd: CustomResourceDefinition): ResourceDefinition[] {
  const { group, names, versions, scope } = crd.spec;
  const storageVersion = versions.find((version) => version.storage)?.name ?? versions[0]?.name ?? 'v1';
  return versions
    .filter((version) => version.served)
    .map((version): ResourceDefinition => {
      const schema = (version.schema?.openAPIV3Schema ?? {}) as JsonSchema;
      const scale = scaleOf(version);
      return {
        group,
        version: version.name,
        kind: names.kind,
        listKind: names.listKind ?? `${names.kind}List`,
        plural: names.plural,
        singular: names.singular ?? names.kind.toLowerCase(),
        shortNames: names.shortNames ?? [],
        categories: names.categories ?? [],
        namespaced: scope === 'Namespaced',
        verbs: VERBS,
        subresources: subresourcesOf(version, { group, version: version.name, kind: names.kind }),
        selectableFields: Object.fromEntries(
          (version.selectableFields ?? []).map(({ jsonPath }) => [jsonPath.replace(/^\./, ''), (object) => fieldText(object, jsonPath)]),
        ),
        builtin: false,
        hasStatus: version.subresources?.status !== undefined,
        generation: true,
        storage: { group, plural: names.plural },
        convert: {
          toStorage: (object) => withVersion(object, `${group}/${storageVersion}`),
          fromStorage: (object) => defaulted(withVersion(object, `${group}/${version.name}`), schema),
          ...webhookOf(crd, `${group}/${storageVersion}`),
        },
        strategy: strategyOf(schema),
        ...(scale ? { scale } : {}),
        custom: { columns: columnsOf(version), openApiSchema: schema },
      };
    });
}

/** What was stored before the schema had a default gets it when it is read. */
function defaulted(object: KubeObject, schema: JsonSchema): KubeObject {
  if (!lacksDefaults(object, schema)) return object;
  const copy = copyJson(object);
  applySchemaDefaults(copy, schema);
  return copy;
}

function webhookOf({ spec: { conversion } }: CustomResourceDefinition, storageVersion: string): { webhook?: ConversionWebhook } {
  const { clientConfig, conversionReviewVersions = [] } = conversion?.strategy === 'Webhook' ? (conversion.webhook ?? {}) : {};
  if (clientConfig === undefined) return {};
  // The API server checked that it says where the webhook answers.
  return { webhook: { clientConfig: clientConfig as ConversionWebhook['clientConfig'], reviewVersions: conversionReviewVersions, storageVersion } };
}

function withVersion(object: KubeObject, apiVersion: string): KubeObject {
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

function columnsOf(version: Version): readonly Column[] {
  const columns = version.additionalPrinterColumns ?? [];
  return columns.length === 0 ? [AGE] : columns;
}

function subresourcesOf(version: Version, kind: SubresourceDefinition['kind']): SubresourceDefinition[] {
  const verbs = ['get', 'patch', 'update'] as const;
  return [
    ...(version.subresources?.status ? [{ name: 'status', kind, verbs }] : []),
    ...(version.subresources?.scale ? [{ name: 'scale', kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs }] : []),
  ];
}

function scaleOf(version: Version): ScalePaths | undefined {
  const scale = version.subresources?.scale;
  if (!scale) return undefined;
  return {
    specReplicas: scale.specReplicasPath,
    statusReplicas: scale.statusReplicasPath,
    ...(scale.labelSelectorPath ? { labelSelector: scale.labelSelectorPath } : {}),
  };
}

/** A field by a simple path ('.spec.color') as text; '' when it is absent. */
function fieldText(object: KubeObject, path: string): string {
  let value: unknown = object;
  for (const name of path.split('.').filter((part) => part !== '')) {
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value === undefined || value === null ? '' : String(value);
}

function strategyOf(schema: JsonSchema): ObjectStrategy {
  return {
    prune: (object) => ({ unknown: prune(object, schema), typeErrors: [] }),
    applyDefaults: (object) => applySchemaDefaults(object, schema),
    validate: (object, old, warnings) => validateBody(object, schema, old, warnings),
    validateStatus: (object, old, warnings) => validateStatus(object, schema, old, warnings),
  };
}

/** TypeMeta and metadata are the registry's to check: the schema may only narrow the name. */
function validateBody(object: KubeObject, schema: JsonSchema, old: KubeObject | undefined, warnings: string[] | undefined): FieldError[] {
  const { metadata: metadataSchema, apiVersion: _version, kind: _kind, ...properties } = schema.properties ?? {};
  const bodySchema = { ...schema, properties, required: (schema.required ?? []).filter((name) => name !== 'metadata') };
  const errors = validateAgainst(bodyOf(object), bodySchema, '', old && bodyOf(old));
  const nameSchema = metadataSchema?.properties?.['name'];
  if (nameSchema && object.metadata.name !== undefined) errors.push(...validateAgainst(object.metadata.name, nameSchema, 'metadata.name', old?.metadata.name));
  errors.push(...embeddedErrors(object, schema));
  return judged(errors, object, schema, old, warnings);
}

function validateStatus(object: KubeObject, schema: JsonSchema, old: KubeObject, warnings: string[] | undefined): FieldError[] {
  const { status } = object as { status?: unknown };
  const statusSchema = ownSchema(schema.properties, 'status');
  const errors =
    status === undefined || statusSchema === undefined ? [] : validateAgainst(status, statusSchema, 'status', (old as { status?: unknown }).status);
  return judged(errors, object, schema, old, warnings);
}

/** `errors` and what is wrong beyond single values. */
function judged(errors: FieldError[], object: KubeObject, schema: JsonSchema, old: KubeObject | undefined, warnings: string[] | undefined): FieldError[] {
  const twice = listErrors(object, schema);
  // Where something was there twice already, it may be.
  if (twice.length > 0 && (old === undefined || listErrors(old, schema).length === 0)) errors.push(...twice);
  if (!hasRules(schema)) return errors;
  if (!errors.some(({ reason }) => BLOCKING.has(reason))) return [...errors, ...checkRules(object, schema, old, warnings)];
  return [
    ...errors,
    {
      reason: 'FieldValueInvalid',
      field: '<nil>',
      message: 'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    },
  ];
}

/** Errors after which rules could not be trusted: their types would not hold, or their cost. */
const BLOCKING = new Set(['FieldValueNotSupported', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid']);

function bodyOf(object: KubeObject): JsonObject {
  const body: JsonObject = { ...object };
  delete body['apiVersion'];
  delete body['kind'];
  delete body['metadata'];
  return body;
}
