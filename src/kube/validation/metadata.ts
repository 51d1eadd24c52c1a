/** Rules of `metadata` that all objects share. */
import { isDns1035Label, isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../names.ts';
import type { KubeObject } from '../types.ts';
import { forbiddenField, immutable, invalidValue, named, nonNegative, required, tooLong, type Errors } from './field.ts';

const ANNOTATIONS_MAX_BYTES = 256 * 1024;

type NameRule = (name: string) => string[];

/** Path segment names: roles and the like may hold nearly anything. */
export const pathSegment: NameRule = (name) => {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`);
};

const NAME_RULES: Record<string, NameRule> = {
  Namespace: isDns1123Label,
  Service: isDns1035Label,
  StatefulSet: isDns1123Label,
  Role: pathSegment,
  RoleBinding: pathSegment,
  ClusterRole: pathSegment,
  ClusterRoleBinding: pathSegment,
  Event: pathSegment,
  PodDisruptionBudget: pathSegment,
  // Goes by its signer, which its own rules look at.
  ClusterTrustBundle: () => [],
  // 'v1.' is the core group's.
  APIService: pathSegment,
};

export function validateMetadata(object: KubeObject, old: KubeObject | undefined, custom = false): Errors {
  const errors: Errors = [];
  const { metadata, kind } = object;
  const rule = (custom ? undefined : NAME_RULES[kind]) ?? isDns1123Subdomain;
  if (metadata.name === undefined || metadata.name === '') errors.push(required('metadata.name', 'name or generateName is required'));
  else if (old === undefined) named(errors, 'metadata.name', metadata.name, rule);
  if (metadata.generateName && !metadata.name) named(errors, 'metadata.generateName', metadata.generateName.replace(/-$/, 'a'), rule);
  nonNegative(errors, 'metadata.generation', metadata.generation);
  validateLabels(errors, 'metadata.labels', metadata.labels);
  validateAnnotations(errors, 'metadata.annotations', metadata.annotations);
  validateOwners(errors, metadata.ownerReferences);
  for (const [i, finalizer] of (metadata.finalizers ?? []).entries())
    validateFinalizer(errors, `metadata.finalizers[${i}]`, finalizer, custom || kind === 'CustomResourceDefinition');
  if (old) {
    immutable(errors, 'metadata.name', metadata.name, old.metadata.name);
    immutable(errors, 'metadata.namespace', metadata.namespace, old.metadata.namespace);
    immutable(errors, 'metadata.uid', metadata.uid, old.metadata.uid);
    if (old.metadata.deletionTimestamp && metadata.finalizers) {
      const extra = metadata.finalizers.filter((f) => !old.metadata.finalizers?.includes(f));
      if (extra.length > 0)
        errors.push(
          forbiddenField(
            'metadata.finalizers',
            `no new finalizers can be added if the object is being deleted, found new finalizers []string{${extra.map((f) => JSON.stringify(f)).join(', ')}}`,
          ),
        );
    }
  }
  return errors;
}

export function validateLabels(errors: Errors, path: string, labels: Record<string, string> | undefined): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    named(errors, path, key, isQualifiedName);
    named(errors, path, value, isLabelValue);
  }
}

export function validateAnnotations(errors: Errors, path: string, annotations: Record<string, string> | undefined): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    named(errors, path, key.toLowerCase(), isQualifiedName);
    bytes += key.length + Buffer.byteLength(value ?? '');
  }
  if (bytes > ANNOTATIONS_MAX_BYTES) errors.push(tooLong(path, ANNOTATIONS_MAX_BYTES));
}

function validateOwners(errors: Errors, owners: KubeObject['metadata']['ownerReferences']): void {
  let controllers = 0;
  for (const [i, owner] of (owners ?? []).entries()) {
    const path = `metadata.ownerReferences[${i}]`;
    if (!owner.apiVersion) errors.push(invalidValue(`${path}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'));
    if (!owner.kind) errors.push(invalidValue(`${path}.kind`, owner.kind ?? '', 'must not be empty'));
    if (!owner.name) errors.push(invalidValue(`${path}.name`, owner.name ?? '', 'must not be empty'));
    if (!owner.uid) errors.push(invalidValue(`${path}.uid`, owner.uid ?? '', 'must not be empty'));
    if (owner.controller && ++controllers === 2) {
      errors.push(
        invalidValue(
          'metadata.ownerReferences',
          owners?.map((o) => o.name),
          'Only one reference can have Controller set to true.',
        ),
      );
    }
  }
}

const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** `anyName`: definitions and custom resources may have finalizers without a '/', as upstream. */
function validateFinalizer(errors: Errors, path: string, finalizer: string, anyName: boolean): void {
  named(errors, path.replace(/\[\d+\]$/, ''), finalizer, isQualifiedName);
  if (!anyName && !finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer))
    errors.push(invalidValue(path, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'));
}
