/** Nodes, in upstream's words. */
import { isLabelValue, isQualifiedName } from '../names.ts';
import type { Node } from '../types.ts';
import { duplicate, invalidValue, named, required, type Errors } from './field.ts';
import { validateRange } from './addresses.ts';
import { validateTaintEffect } from './pod-affinity.ts';

export function validateNode(errors: Errors, { spec }: Node): void {
  const seen = new Set<string>();
  for (const [i, { key = '', value = '', effect }] of (spec?.taints ?? []).entries()) {
    // Upstream's path.
    const at = `metadata.taints[${i}]`;
    named(errors, `${at}.key`, key, isQualifiedName);
    const wrong = isLabelValue(value);
    if (wrong.length > 0) errors.push(invalidValue(`${at}.value`, value, wrong.join(';')));
    if (!effect) errors.push(required(`${at}.effect`));
    else validateTaintEffect(errors, `${at}.effect`, effect);
    if (seen.has(`${key}:${effect}`))
      errors.push({
        ...duplicate(at, undefined),
        message: `Duplicate value: ${JSON.stringify({ key, value, effect })}: taints must be unique by key and effect pair`,
      });
    seen.add(`${key}:${effect}`);
  }
  const ranges = spec?.podCIDRs ?? [];
  for (const [i, range] of ranges.entries()) validateRange(errors, `spec.podCIDRs[${i}]`, range);
}
