import { isLabelValue, isQualifiedName } from '../names.ts';
import type { LabelSelector } from '../types.ts';
import { forbiddenField, invalidValue, named, required, type Errors } from './field.ts';
import { validateLabels } from './metadata.ts';

export function validateLabelSelector(errors: Errors, path: string, selector: LabelSelector | undefined): void {
  if (!selector) return;
  validateLabels(errors, `${path}.matchLabels`, selector.matchLabels);
  for (const [i, { key, operator, values = [] }] of (selector.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${i}]`;
    named(errors, `${at}.key`, key ?? '', isQualifiedName);
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      for (const [j, value] of values.entries()) named(errors, `${at}.values[${j}]`, value, isLabelValue);
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0) errors.push(forbiddenField(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    } else {
      errors.push(invalidValue(`${at}.operator`, operator, 'not a valid selector operator'));
    }
  }
}
