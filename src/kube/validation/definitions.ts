/** Definitions of custom resources, all but their schemas, in upstream's words and order. */
import { isDns1035Label, isDns1123Subdomain } from '../names.ts';
import type { CustomResourceDefinition } from '../types.ts';
import { forbiddenField, immutable, invalidValue, notSupported, oneOf, required, sorted, type Errors } from './field.ts';
import { validateClientConfig, validateReviewVersions } from './webhooks.ts';

type Spec = CustomResourceDefinition['spec'];
type Version = Spec['versions'][number];

export function validateCustomResourceDefinition(
  errors: Errors,
  { metadata, spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): void {
  const { group, names, scope, conversion } = (spec ?? {}) as Partial<Spec>;
  const versions = spec?.versions ?? [];
  if (old === undefined) validateName(errors, metadata, `${names?.plural}.${group}`);
  if (!group) errors.push(required('spec.group'));
  else validateGroup(errors, group);
  if (!scope) errors.push(required('spec.scope'));
  else if (scope !== 'Cluster' && scope !== 'Namespaced') errors.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  validateVersions(errors, spec?.versions);
  validateNames(errors, names);
  validateConversion(errors, conversion as Record<string, unknown> | undefined);
  validateStored(errors, versions, old?.status?.storedVersions);
  if (!old) return;
  // What is served cannot become another thing.
  if (old.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')) {
    immutable(errors, 'spec.scope', scope, old.spec?.scope);
    immutable(errors, 'spec.names.kind', names?.kind, old.spec?.names?.kind);
  }
  immutable(errors, 'spec.group', group, old.spec?.group);
  immutable(errors, 'spec.names.plural', names?.plural, old.spec?.names?.plural);
}

function validateName(errors: Errors, { name, generateName }: CustomResourceDefinition['metadata'], wanted: string): void {
  const why = 'must be spec.names.plural+"."+spec.group';
  if (generateName) errors.push(invalidValue('metadata.generateName', generateName, why));
  if (name && name !== wanted) errors.push(invalidValue('metadata.name', name, why));
}

function validateGroup(errors: Errors, group: string): void {
  const wrong = isDns1123Subdomain(group);
  if (wrong.length > 0) errors.push(invalidValue('spec.group', group, wrong.join(',')));
  else if (!group.includes('.')) errors.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'));
}

function validateVersions(errors: Errors, given: readonly Version[] | undefined): void {
  const versions = given ?? [];
  for (const [i, { schema }] of versions.entries()) if (!schema?.openAPIV3Schema) errors.push(required(`spec.versions[${i}].schema.openAPIV3Schema`));
  // Upstream's inner form has the first one's in a place of its own, too.
  const places = versions.map(({ name = '' }, i) => ({ name, at: `spec.versions[${i}].name` }));
  const [first] = versions;
  if (first?.name) places.push({ name: first.name, at: 'spec.version' });
  for (const { name, at } of places) {
    const wrong = isDns1035Label(name);
    if (wrong.length > 0) errors.push(invalidValue(at, name, wrong.join(',')));
  }
  if (new Set(versions.map(({ name }) => name)).size !== versions.length)
    errors.push(invalidValue('spec.versions', versions.map(asUpstreamHasIt), 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalidValue('spec.versions', given?.map(asUpstreamHasIt) ?? null, 'must have exactly one version marked as storage version'));
}

/** Upstream's own form of a version, in which it shows the value; what all versions have alike is not in it. */
function asUpstreamHasIt({ name = '', served = false, storage = false, deprecated = false, deprecationWarning }: Version): object {
  return {
    Name: name,
    Served: served,
    Storage: storage,
    Deprecated: deprecated,
    DeprecationWarning: deprecationWarning ?? null,
    Schema: null,
    Subresources: null,
    AdditionalPrinterColumns: null,
    SelectableFields: null,
  };
}

function validateNames(errors: Errors, names: Spec['names'] | undefined): void {
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names ?? ({} as Partial<Spec['names']>);
  for (const [field, value] of Object.entries({ plural, singular, kind, listKind })) if (!value) errors.push(required(`spec.names.${field}`));
  for (const [field, value] of Object.entries({ plural, singular })) label(errors, field, value);
  for (const [field, value] of Object.entries({ kind, listKind })) mixedCase(errors, field, value);
  for (const [i, name] of shortNames.entries()) label(errors, `shortNames[${i}]`, name);
  if (kind && kind === listKind) errors.push(invalidValue('spec.names.listKind', listKind, 'kind and listKind may not be the same'));
  for (const [i, name] of categories.entries()) label(errors, `categories[${i}]`, name);
}

function label(errors: Errors, field: string, value: string | undefined): void {
  const wrong = value ? isDns1035Label(value) : [];
  if (wrong.length > 0) errors.push(invalidValue(`spec.names.${field}`, value, wrong.join(',')));
}

function mixedCase(errors: Errors, field: string, value: string | undefined): void {
  const wrong = value ? isDns1035Label(value.toLowerCase()) : [];
  if (wrong.length > 0) errors.push(invalidValue(`spec.names.${field}`, value, `may have mixed case, but should otherwise match: ${wrong.join(',')}`));
}

/** A version that objects may still be stored in cannot go. */
function validateStored(errors: Errors, versions: readonly Version[], before: readonly string[] | undefined): void {
  if (!before?.length && !versions.some(({ storage }) => storage))
    errors.push(invalidValue('status.storedVersions', null, 'must have at least one stored version'));
  for (const [i, stored] of (before ?? []).entries())
    if (!versions.some(({ name }) => name === stored))
      errors.push(
        invalidValue(
          `status.storedVersions[${i}]`,
          stored,
          `missing from spec.versions; ${stored} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${stored} and removes ${stored} from status.storedVersions`,
        ),
      );
}

function validateConversion(errors: Errors, conversion: Record<string, unknown> | undefined): void {
  const { strategy, webhook } = conversion ?? {};
  oneOf(errors, 'spec.conversion.strategy', strategy, ['None', 'Webhook']);
  if (strategy !== 'Webhook') {
    if (webhook !== undefined) errors.push(forbiddenField('spec.conversion.webhook', 'should not be set when strategy is not set to Webhook'));
    return;
  }
  const { clientConfig, conversionReviewVersions } = (webhook ?? {}) as Record<string, unknown>;
  if (clientConfig === undefined) errors.push(required('spec.conversion.webhook.clientConfig', 'required when strategy is set to Webhook'));
  else validateClientConfig(errors, 'spec.conversion.webhook.clientConfig', clientConfig as Record<string, unknown>);
  validateReviewVersions(errors, 'spec.conversion.webhook.conversionReviewVersions', (conversionReviewVersions ?? []) as string[], ['v1', 'v1beta1']);
}

/** Where upstream has the versions' schemas: in one place if they are all the same. */
export function schemaPaths(versions: readonly Version[]): string[] {
  const [first, ...others] = versions.map(({ schema }) => JSON.stringify(sorted(schema?.openAPIV3Schema)));
  if (first !== undefined && others.every((text) => text === first)) return ['spec.validation.openAPIV3Schema'];
  return versions.map((_version, i) => `spec.versions[${i}].schema.openAPIV3Schema`);
}
