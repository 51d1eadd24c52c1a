/** StorageVersionMigrations: every stored object of a resource is written anew, in the version that is stored now. */
import type { Condition } from '../conditions.ts';
import { isDns1035Label, isDns1123Subdomain } from '../names.ts';
import type { KubeObject } from '../types.ts';
import { isTrueIn, validateStatusConditions } from './conditions.ts';
import { immutable, invalidValue, required, type Errors } from './field.ts';

export interface StorageVersionMigration extends KubeObject {
  spec?: { resource?: { group?: string; resource?: string } };
  status?: {
    conditions?: Condition[];
    /** Objects that were written after it need no migration. */
    resourceVersion?: string;
  };
}

export function validateStorageVersionMigration(errors: Errors, { spec }: StorageVersionMigration, old: StorageVersionMigration | undefined): void {
  const { group = '', resource = '' } = spec?.resource ?? {};
  const wrong = (field: string, value: string, why: string[]): void => {
    if (why.length > 0) errors.push(invalidValue(`spec.resource.${field}`, value, why.join(',')));
  };
  if (resource === '') errors.push(required('spec.resource.resource', 'resource is required to be set'));
  else wrong('resource', resource, isDns1035Label(resource));
  if (group !== '') wrong('group', group, isDns1123Subdomain(group));
  if (old !== undefined) immutable(errors, 'spec', spec, old.spec);
}

export function validateStorageVersionMigrationStatus(errors: Errors, { status }: StorageVersionMigration, old: StorageVersionMigration): void {
  const { conditions = [], resourceVersion = '' } = status ?? {};
  const before = old.status ?? {};
  if (resourceVersion !== '' && !/^[1-9]\d*$/.test(resourceVersion))
    errors.push(invalidValue('status.resourceVersion', resourceVersion, `resource version is not well formed: ${resourceVersion}`));
  validateStatusConditions(errors, 'status.conditions', conditions);
  if (before.resourceVersion && before.resourceVersion !== resourceVersion)
    errors.push(invalidValue('status.resourceVersion', resourceVersion, 'field is immutable'));
  const wrong = (why: string): void => void errors.push(invalidValue('status.conditions', conditions, why));
  if (isTrueIn(conditions, 'Succeeded') && isTrueIn(conditions, 'Failed')) wrong('Both success and failed conditions cannot be true at the same time');
  if (isTrueIn(before.conditions, 'Succeeded') && !isTrueIn(conditions, 'Succeeded')) wrong('Success condition cannot be set to false once it is true');
  if (isTrueIn(before.conditions, 'Failed') && !isTrueIn(conditions, 'Failed')) wrong('Failed condition cannot be set to false once it is true');
}
