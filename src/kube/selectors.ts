/** Label and field selectors: the query form ('app=web,tier in (a,b)') and the structured form (LabelSelector). */
import { isLabelValue, isQualifiedName } from './names.ts';
import { badRequest } from './status.ts';
import type { LabelSelector } from './types.ts';

export type Matcher = (labels: Record<string, string> | undefined) => boolean;

type Operator = 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

/** One of the terms of a selector; all of them must hold. */
export interface Requirement {
  key: string;
  operator: Operator;
  values: ReadonlySet<string>;
}

const EVERYTHING: Matcher = () => true;
const NOTHING: Matcher = () => false;

function matches(labels: Record<string, string>, { key, operator, values }: Requirement): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
      return value !== undefined && values.has(value);
    case 'notin':
      return value === undefined || !values.has(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt': {
      const [bound] = values;
      if (value === undefined || !/^-?\d+$/.test(value)) return false;
      return operator === 'gt' ? BigInt(value) > BigInt(bound ?? '0') : BigInt(value) < BigInt(bound ?? '0');
    }
  }
}

function matcher(requirements: readonly Requirement[]): Matcher {
  if (requirements.length === 0) return EVERYTHING;
  return (labels = {}) => requirements.every((requirement) => matches(labels, requirement));
}

const TOKEN = /\s*(?:(!=|==|=|!|<|>|\(|\)|,)|([^\s!=<>(),]+))/y;

function tokens(text: string): string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (!match) {
      if (text.slice(found.length === 0 ? 0 : TOKEN.lastIndex).trim() === '') break;
      break;
    }
    found.push(match[1] ?? match[2] ?? '');
  }
  return found;
}

/** What is left of a selector, by index: taking from an array's front costs its length. */
class Tokens {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokens(text);
  }

  get next(): string | undefined {
    return this.#tokens[this.#next];
  }

  take(): string | undefined {
    return this.#tokens[this.#next++];
  }
}

function bad(why: string): Error {
  return badRequest(`unable to parse requirement: ${why}`);
}

/** Parses the query form. Throws StatusError 400 that names the requirement that is wrong. */
export function parseLabelSelector(text: string): Matcher {
  return matcher(parseLabelRequirements(text));
}

/** The query form, for those who ask others by it. Throws as `parseLabelSelector`. */
export function parseLabelRequirements(text: string): Requirement[] {
  const queue = new Tokens(text);
  const requirements: Requirement[] = [];
  const isWord = (token: string | undefined): token is string => token !== undefined && !/^(?:[!=<>(),]|!=|==)$/.test(token);
  // Nothing is a value, but for what cannot follow one.
  const value = (): string => {
    const first = queue.next;
    if (isWord(first)) return queue.take() ?? '';
    if (first === undefined || first === ',' || first === ')') return '';
    throw bad(`found '${first}', expected: identifier`);
  };
  while (queue.next !== undefined) {
    const negated = queue.next === '!' ? queue.take() !== undefined : false;
    const key = queue.take();
    if (!isWord(key))
      throw negated ? bad(`found '${key ?? ''}', expected: identifier`) : badRequest(`found '${key ?? ''}', expected: !, identifier, or 'end of string'`);
    const keyErrors = isQualifiedName(key);
    if (keyErrors.length > 0) throw bad(`<nil>: Invalid value: ${JSON.stringify(key)}: ${keyErrors.join('; ')}`);
    const operator = queue.next;
    if (negated) {
      requirements.push({ key, operator: '!', values: new Set() });
    } else if (operator === undefined || operator === ',') {
      requirements.push({ key, operator: 'exists', values: new Set() });
    } else {
      queue.take();
      requirements.push(comparison(key, operator, queue, value));
    }
    const next = queue.take();
    if (next !== undefined && next !== ',') throw bad(`found '${next}', expected: ',' or 'end of string'`);
    if (next === ',' && queue.next === undefined) throw bad("found '', expected: identifier after ','");
  }
  return requirements;
}

function comparison(key: string, operator: string, queue: Tokens, value: () => string): Requirement {
  switch (operator) {
    case '=':
    case '==':
      return { key, operator: 'in', values: new Set([labelValue(value())]) };
    case '!=':
      return { key, operator: 'notin', values: new Set([labelValue(value())]) };
    case '<':
    case '>': {
      const bound = value();
      if (!/^-?\d+$/.test(bound)) throw bad(`values[0]: Invalid value: ${JSON.stringify(bound)}: for 'Gt', 'Lt' operators, the value must be an integer`);
      return { key, operator: operator === '>' ? 'gt' : 'lt', values: new Set([bound]) };
    }
    case 'in':
    case 'notin': {
      const open = queue.take() ?? '';
      if (open !== '(') throw bad(`found '${open}' expected: '('`);
      const values = new Set<string>();
      for (;;) {
        values.add(labelValue(value()));
        const next = queue.take();
        if (next === ')') break;
        if (next !== ',') throw bad(`found '${next ?? ''}', expected: ',' or ')'`);
      }
      return { key, operator, values };
    }
    default:
      throw bad(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

function labelValue(value: string): string {
  const errors = isLabelValue(value);
  if (errors.length > 0) throw bad(`values[0]: Invalid value: ${JSON.stringify(value)}: ${errors.join('; ')}`);
  return value;
}

const OPERATORS: Record<string, Operator> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!', Gt: 'gt', Lt: 'lt' };

/** The structured form; an absent selector selects nothing, an empty one everything. */
export function matcherOf(selector: LabelSelector | undefined): Matcher {
  if (selector === undefined || selector === null) return NOTHING;
  return matcher([
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]): Requirement => ({ key, operator: 'in', values: new Set([value]) })),
    ...requirementsOf(selector.matchExpressions ?? []),
  ]);
}

/** For node selector terms, whose expressions also know Gt and Lt. */
export function matcherOfExpressions(expressions: readonly { key: string; operator: string; values?: readonly string[] }[]): Matcher {
  return matcher(requirementsOf(expressions));
}

function requirementsOf(expressions: readonly { key: string; operator: string; values?: readonly string[] }[]): Requirement[] {
  return expressions.map(({ key, operator, values }) => {
    const known = OPERATORS[operator];
    if (!known) throw badRequest(`${JSON.stringify(operator)} is not a valid label selector operator`);
    return { key, operator: known, values: new Set(values) };
  });
}

/** The query form of a structured selector, as kubectl prints it; '<none>' when empty. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  const parts = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  for (const { key, operator, values = [] } of selector?.matchExpressions ?? []) {
    if (operator === 'Exists') parts.push(key);
    else if (operator === 'DoesNotExist') parts.push(`!${key}`);
    else parts.push(`${key} ${operator.toLowerCase()} (${[...values].sort().join(',')})`);
  }
  return parts.length === 0 ? '<none>' : parts.sort().join(',');
}

/** The same for a query: '' when it selects everything. */
export function labelSelectorQuery(selector: LabelSelector | undefined): string {
  const text = formatLabelSelector(selector);
  return text === '<none>' ? '' : text;
}

export interface FieldRequirement {
  field: string;
  op: '=' | '!=';
  value: string;
}

/** 'status.phase!=Failed,spec.nodeName=a' ; a backslash escapes ',', '=' and itself. Throws StatusError 400. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  return splitTerms(text).map((term) => {
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (!match?.[1]) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    return { field: match[1].trim(), op: match[2] === '!=' ? '!=' : '=', value: (match[3] ?? '').replace(/\\([\\,=])/g, '$1') };
  });
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let term = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if (char === '\\') term += char + (text[++i] ?? '');
    else if (char === ',') {
      terms.push(term);
      term = '';
    } else term += char;
  }
  if (term !== '') terms.push(term);
  return terms.filter((t) => t.trim() !== '');
}
