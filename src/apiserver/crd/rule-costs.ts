/** What the rules of a schema may cost at most, against upstream's limits (apiextensions' validation, cel_validation.go). */
import { forbiddenField } from '../../kube/validation/field.ts';
import type { FieldError } from '../../kube/status.ts';
import type { JsonSchema } from './schema.ts';

const RULE_LIMIT = 10_000_000;
const SCHEMA_LIMIT = 100_000_000;
/** Rules of less than a hundredth are not worth naming, and so many are enough. */
const NAMED_FROM = SCHEMA_LIMIT / 100;
const NAMED_MAX = 4;

/** How often what is below a schema may occur for each time the schema does; undefined when nothing bounds it. */
export function elementsAtMost({ type, additionalProperties, maxProperties, maxItems }: JsonSchema): number | undefined {
  const bound = type === 'array' ? maxItems : type === 'object' && typeof additionalProperties === 'object' ? maxProperties : 1;
  return bound === undefined ? undefined : Math.max(bound, 0);
}

export class RuleCosts {
  #total = 0;
  readonly #expensive: { field: string; cost: number }[] = [];

  /** `what`: 'rule' or 'messageExpression'. What is wrong with this one alone. */
  add(field: string, what: string, cost: number): FieldError[] {
    this.#total += cost;
    if (cost >= NAMED_FROM) this.#expensive.push({ field, cost });
    return cost > RULE_LIMIT ? [forbiddenField(field, exceeds(`estimated ${what} cost`, cost, RULE_LIMIT))] : [];
  }

  /** What is wrong with all together; `path`: the schema's. */
  errors(path: string): FieldError[] {
    if (this.#total <= SCHEMA_LIMIT) return [];
    const named = this.#expensive.toSorted((a, b) => b.cost - a.cost).slice(0, NAMED_MAX);
    return [
      ...named.map(({ field }) => forbiddenField(field, 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema')),
      forbiddenField(path, exceeds('x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema', this.#total, SCHEMA_LIMIT)),
    ];
  }
}

function exceeds(what: string, cost: number, limit: number): string {
  const times = cost / limit;
  const factor = times > 100 ? 'more than 100x' : `${times.toFixed(times < 1.5 ? 6 : 1)}x`;
  return `${what} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
