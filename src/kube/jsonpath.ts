/**
 * The part of JSONPath that printer columns use: .a.b, ['x'], [0], [-1], [*], [1:3], [?(@.type=="Ready")].
 */
export class JsonPathError extends Error {}

type Step =
  | { kind: 'field'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'slice'; from: number; to: number | undefined }
  | { kind: 'all' }
  | { kind: 'filter'; path: Step[]; op: string; value: unknown };

const FIELD = /^\.?([A-Za-z_$][\w$-]*|\\.)+/;
const BRACKET =
  /^\[(?:(\*)|(-?\d+)|(-?\d*):(-?\d*)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|\?\(\s*@((?:\.[\w$-]+)+)\s*(?:(==|!=|<=|>=|<|>)\s*(?:"([^"]*)"|'([^']*)'|(-?[\d.]+|true|false)))?\s*\))\]/;

/** Compiles once; the function answers all values the path finds, in order. Throws JsonPathError naming what it cannot read. */
export function compileJsonPath(path: string): (object: unknown) => unknown[] {
  const steps = parse(path.replace(/^\{|\}$/g, ''));
  return (object) => run(steps, [object]);
}

function parse(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path.replace(/^\$/, '');
  while (rest !== '') {
    if (rest.startsWith('.*') || rest.startsWith('..')) throw new JsonPathError(`JSONPath ${JSON.stringify(path)}: '${rest.slice(0, 2)}' is not supported`);
    const bracket = BRACKET.exec(rest.replace(/^\.(?=\[)/, ''));
    if (bracket) {
      rest = rest.replace(/^\.(?=\[)/, '').slice(bracket[0].length);
      steps.push(bracketStep(bracket));
      continue;
    }
    const field = FIELD.exec(rest);
    if (!field) throw new JsonPathError(`JSONPath ${JSON.stringify(path)}: cannot read '${rest}'`);
    rest = rest.slice(field[0].length);
    steps.push({ kind: 'field', name: field[0].replace(/^\./, '').replace(/\\(.)/g, '$1') });
  }
  return steps;
}

function bracketStep(match: RegExpExecArray): Step {
  const [, all, index, from, to, single, double, filterPath, op, text, text2, bare] = match;
  if (all) return { kind: 'all' };
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  if (single !== undefined || double !== undefined) return { kind: 'field', name: (single ?? double ?? '').replace(/\\(.)/g, '$1') };
  if (filterPath !== undefined) {
    const value = text ?? text2 ?? (bare === 'true' ? true : bare === 'false' ? false : bare === undefined ? undefined : Number(bare));
    return { kind: 'filter', path: parse(filterPath), op: op ?? '', value };
  }
  return { kind: 'slice', from: Number(from || 0), to: to ? Number(to) : undefined };
}

function run(steps: readonly Step[], start: unknown[]): unknown[] {
  let values = start;
  for (const step of steps) values = values.flatMap((value) => apply(step, value));
  return values.filter((value) => value !== undefined && value !== null);
}

function apply(step: Step, value: unknown): unknown[] {
  switch (step.kind) {
    case 'field':
      return typeof value === 'object' && value !== null && Object.hasOwn(value, step.name) ? [(value as Record<string, unknown>)[step.name]] : [];
    case 'index':
      return Array.isArray(value) ? [value.at(step.index)] : [];
    case 'slice':
      return Array.isArray(value) ? value.slice(step.from, step.to) : [];
    case 'all':
      return Array.isArray(value) ? value : typeof value === 'object' && value !== null ? Object.values(value) : [];
    case 'filter':
      return Array.isArray(value) ? value.filter((item) => holds(step, item)) : [];
  }
}

function holds({ path, op, value }: Extract<Step, { kind: 'filter' }>, item: unknown): boolean {
  const [found] = run(path, [item]);
  switch (op) {
    case '':
      return found !== undefined;
    case '==':
      return found === value;
    case '!=':
      return found !== value;
    case '<':
      return (found as number) < (value as number);
    case '>':
      return (found as number) > (value as number);
    case '<=':
      return (found as number) <= (value as number);
    default:
      return (found as number) >= (value as number);
  }
}
