/** Conditions as all younger kinds have them in their status (meta/v1). */
import { isQualifiedName } from '../names.ts';
import { duplicate, invalidValue, named, notSupported, required, tooLong, type Errors } from './field.ts';

export interface StatusCondition {
  type?: string;
  status?: string;
  observedGeneration?: number;
  lastTransitionTime?: string | null;
  reason?: string;
  message?: string;
}

const STATUSES = ['True', 'False', 'Unknown'];
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const REASON_WRONG =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";
const REASON_MAX = 1024;
const MESSAGE_MAX = 32 * 1024;

export function validateStatusConditions(errors: Errors, path: string, conditions: readonly StatusCondition[] = []): void {
  const types = new Set<string>();
  for (const [i, condition] of conditions.entries()) {
    const at = `${path}[${i}]`;
    const { type = '', status = '', observedGeneration = 0, lastTransitionTime, reason = '', message = '' } = condition;
    if (types.has(type)) errors.push(duplicate(at, type));
    types.add(type);
    if (type === '') errors.push(required(`${at}.type`, 'is required'));
    else named(errors, `${at}.type`, type, isQualifiedName);
    if (status === '') errors.push(required(`${at}.status`));
    else if (!STATUSES.includes(status)) errors.push(notSupported(`${at}.status`, status, STATUSES));
    if (observedGeneration < 0) errors.push(invalidValue(`${at}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'));
    if (!lastTransitionTime) errors.push(required(`${at}.lastTransitionTime`));
    if (reason === '') errors.push(required(`${at}.reason`));
    else if (!REASON.test(reason)) errors.push(invalidValue(`${at}.reason`, reason, REASON_WRONG));
    if (reason.length > REASON_MAX) errors.push(tooLong(`${at}.reason`, REASON_MAX));
    if (message.length > MESSAGE_MAX) errors.push(tooLong(`${at}.message`, MESSAGE_MAX));
  }
}

/** Whether the condition is there and true. */
export function isTrueIn(conditions: readonly StatusCondition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;
}
