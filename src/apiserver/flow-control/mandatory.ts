/** What nobody may change: the two schemas and levels that every request can fall back on. */
import type { FieldError } from '../../kube/status.ts';
import { invalidValue } from '../../kube/validation/field.ts';
import { equalJson } from '../../kube/json.ts';
import { defaultLevels, defaultSchemas, MANDATORY } from './defaults.ts';
import type { FlowSchema, PriorityLevelConfiguration } from './types.ts';

export function mandatoryErrors(object: FlowSchema | PriorityLevelConfiguration): FieldError[] {
  const name = object.metadata.name ?? '';
  if (!MANDATORY.has(name)) return [];
  const isLevel = object.kind === 'PriorityLevelConfiguration';
  const fixed = (isLevel ? defaultLevels() : defaultSchemas()).find(({ metadata }) => metadata.name === name)!;
  // Of the exempt level, shares may be set: they are lent to others.
  const free = isLevel && name === 'exempt';
  if (equalJson(withoutShares(object.spec, free), withoutShares(fixed.spec, free))) return [];
  return [invalidValue('spec', object.spec, `spec of '${name}' ${free ? "except the 'spec.exempt' field " : ''}must equal the fixed value`)];
}

function withoutShares(spec: object, free: boolean): object {
  const { exempt: _exempt, ...rest } = spec as PriorityLevelConfiguration['spec'];
  return free ? rest : spec;
}
