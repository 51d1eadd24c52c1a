/** How bodies are checked: built-in kinds by the schema table, custom ones by the strategy their definition brings. */
import type { CertificateSigningRequest } from '../../kube/certificates/types.ts';
import { applyDefaults } from '../../kube/defaults/index.ts';
import { schemaOf } from '../../kube/schema/index.ts';
import { checkFields } from '../../kube/schema/strict.ts';
import type { FieldError } from '../../kube/status.ts';
import type { KubeObject, Pod } from '../../kube/types.ts';
import { withFurtherErrors } from './further-validation.ts';
import { validateCertificateSigningRequest, type CsrDoor } from '../../kube/validation/certificates.ts';
import { validateMetadata, validateObject, validateObjectStatus } from '../../kube/validation/index.ts';
import { validateEphemeralContainers } from '../../kube/validation/pod-update.ts';
import type { ObjectStrategy, ResourceDefinition } from '../engine.ts';

const builtin: ObjectStrategy = {
  prune(object) {
    const slash = object.apiVersion.indexOf('/');
    const type = schemaOf({ group: slash < 0 ? '' : object.apiVersion.slice(0, slash), version: object.apiVersion.slice(slash + 1), kind: object.kind });
    if (type === undefined) return { unknown: [], typeErrors: [] };
    return checkFields(object, type, { prune: true });
  },
  applyDefaults: (object) => applyDefaults(object),
  validate: (object, old) => validateObject(object, old),
};

export function strategyOf(definition: ResourceDefinition): ObjectStrategy {
  return definition.strategy ?? builtin;
}

/** Errors of the whole object; custom kinds share the rules for metadata with the built-in ones. `warnings` gets what is wrong and let through. */
export function validate(definition: ResourceDefinition, object: KubeObject, old?: KubeObject, warnings: string[] = []): FieldError[] {
  if (definition.strategy === undefined) {
    return withFurtherErrors(validateObject(object, old), object, old);
  }
  return [...validateMetadata(object, old, true), ...definition.strategy.validate(object, old, warnings)];
}

/** Errors of a new status: the spec is the old one and has been looked at before. */
export function validateStatus(definition: ResourceDefinition, object: KubeObject, old: KubeObject, warnings: string[]): FieldError[] {
  const { strategy } = definition;
  if (strategy?.validateStatus !== undefined) return [...validateMetadata(object, old, true), ...strategy.validateStatus(object, old, warnings)];
  if (definition.storage.plural === 'certificatesigningrequests') return validateDoor(object, old, 'status');
  return validateObjectStatus(object, old);
}

/** Of a certificate signing request: the only kind that is approved. */
export function validateApproval(object: KubeObject, old: KubeObject): FieldError[] {
  return validateDoor(object, old, 'approval');
}

/** Of a pod to which ephemeral containers come. */
export function validateDebuggers(object: KubeObject, old: KubeObject): FieldError[] {
  const errors = validateMetadata(object, old);
  validateEphemeralContainers(errors, object as Pod, old as Pod);
  return errors;
}

function validateDoor(object: KubeObject, old: KubeObject, door: CsrDoor): FieldError[] {
  const errors = validateMetadata(object, old);
  // Only this kind's definition leads here.
  validateCertificateSigningRequest(errors, object as CertificateSigningRequest, old as CertificateSigningRequest, door);
  return errors;
}
