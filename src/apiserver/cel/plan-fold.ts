/** Loops: each macro's own, with the costs that upstream's general loop would have counted. */
import type { Fold, Node } from './ast.ts';
import type { Frame, Plan } from './plan.ts';
import { LIST_COST, spend } from './runtime-cost.ts';
import { CelError, CelMap, isStruct, typeNameOf, type Value } from './values.ts';

/** Where variables are kept; those of macros shadow those outside. */
export interface Scope {
  slotOf(name: string): number;
}

export function within(outer: Scope, name: string, slot: number): Scope {
  return { slotOf: (asked) => (asked === name ? slot : outer.slotOf(asked)) };
}

type Planned = (node: Node, scope: Scope) => Plan;

/** Around an iteration's own expressions: reading the condition, the result so far, and joining them. */
const ALL_COST = { condition: 2, step: 1 };
const EXISTS_COST = { condition: 3, step: 1 };

export function planFold(fold: Node & Fold, { filter, body }: { filter?: Node; body: Node }, scope: Scope, planned: Planned, newSlot: () => number): Plan {
  if (fold.macro === 'bind') return planBind(fold, scope, planned, newSlot());
  const range = planned(fold.range, scope);
  const first = newSlot();
  const second = fold.second === undefined ? undefined : newSlot();
  const one = within(scope, fold.variable, first);
  const inner = second === undefined ? one : within(one, fold.second!, second);
  const loop: Loop = {
    range,
    first,
    second,
    filter: filter === undefined ? undefined : planned(filter, inner),
    body: planned(body, inner),
  };
  switch (fold.macro) {
    case 'all':
      return { run: (frame) => quantified(frame, loop, false, ALL_COST) };
    case 'exists':
      return { run: (frame) => quantified(frame, loop, true, EXISTS_COST) };
    case 'one':
      return { run: (frame) => exactlyOne(frame, loop) };
    case 'list':
      return { run: (frame) => collected(frame, loop) };
    case 'map':
    case 'mapEntry':
      return { run: (frame) => mapped(frame, loop, fold.macro === 'mapEntry') };
  }
}

interface Loop {
  range: Plan;
  first: number;
  second: number | undefined;
  filter: Plan | undefined;
  body: Plan;
}

/** The value is found when it is first asked for. */
function planBind(fold: Node & Fold, scope: Scope, planned: Planned, slot: number): Plan {
  const init = planned(fold.init, scope);
  const result = planned(fold.result, {
    slotOf: (asked) => (asked === fold.accumulator ? slot : scope.slotOf(asked)),
  });
  return {
    run: (frame) => {
      try {
        frame.slots[slot] = init.run(frame);
      } catch (error) {
        if (!(error instanceof CelError)) throw error;
        frame.slots[slot] = error;
      }
      return result.run(frame);
    },
  };
}

/** Sets the loop's variables to each element in turn. `visit` says whether to go on. */
function each(frame: Frame, { range, first, second }: Loop, visit: (key: Value) => boolean): void {
  const value = range.run(frame);
  const { slots } = frame;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      slots[first] = second === undefined ? value[i]! : BigInt(i);
      if (second !== undefined) slots[second] = value[i]!;
      if (!visit(slots[first])) return;
    }
    return;
  }
  if (value === null || typeof value !== 'object' || !isStruct(value)) throw new CelError(`got '${goName(value)}', expected iterable type`);
  for (const key of value.keys()) {
    slots[first] = key;
    if (second !== undefined) slots[second] = value.get(key)!;
    if (!visit(key)) return;
  }
}

/** Go's name for a value's type. */
function goName(value: Value): string {
  const name = typeNameOf(value);
  const own: Record<string, string> = { null_type: 'types.Null', optional_type: '*types.Optional', type: '*types.Type' };
  const last = name.split('.').at(-1)!;
  return own[name] ?? `types.${last[0]!.toUpperCase()}${last.slice(1)}`;
}

/** As with && and ||, errors of some do not count when another decides. */
function quantified(frame: Frame, loop: Loop, decisive: boolean, cost: { condition: number; step: number }): Value {
  let failure: CelError | undefined;
  let decided = false;
  each(frame, loop, () => {
    spend(frame.meter, cost.condition);
    if (decided) return false;
    spend(frame.meter, cost.step);
    try {
      const value = loop.body.run(frame);
      if (value === decisive) decided = true;
      else if (typeof value !== 'boolean') failure ??= new CelError('no such overload');
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      failure ??= error;
    }
    return true;
  });
  spend(frame.meter, 1);
  if (decided) return decisive;
  if (failure !== undefined) throw failure;
  return !decisive;
}

/** Whether the element is taken; what fails is kept, the last of it. */
function passes(frame: Frame, plan: Plan | undefined, failed: (error: CelError) => void): boolean {
  if (plan === undefined) return true;
  try {
    const value = plan.run(frame);
    if (typeof value !== 'boolean') failed(new CelError('no such overload'));
    return value === true;
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    failed(error);
    return false;
  }
}

function exactlyOne(frame: Frame, loop: Loop): Value {
  let count = 0;
  let failure: CelError | undefined;
  each(frame, loop, () => {
    if (passes(frame, loop.body, (error) => (failure = error))) {
      spend(frame.meter, 2);
      count++;
    }
    return true;
  });
  spend(frame.meter, 2);
  if (failure !== undefined) throw failure;
  return count === 1;
}

function collected(frame: Frame, loop: Loop): Value {
  const made: Value[] = [];
  const { body } = loop;
  // A list of one constant costs nothing to make.
  const cost = body.constant === undefined ? LIST_COST + 2 : 2;
  let failure: CelError | undefined;
  each(frame, loop, () => {
    if (!passes(frame, loop.filter, (error) => (failure = error))) return true;
    try {
      made.push(body.run(frame));
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      failure ??= error;
    }
    spend(frame.meter, cost);
    return true;
  });
  spend(frame.meter, 1);
  if (failure !== undefined) throw failure;
  return made;
}

function mapped(frame: Frame, loop: Loop, entries: boolean): Value {
  const made = new CelMap();
  let failure: CelError | undefined;
  const insert = (key: Value, value: Value): void => {
    if (!made.insert(key, value)) throw new CelError(`insert failed: key ${String(key)} already exists`);
  };
  each(frame, loop, (key) => {
    if (!passes(frame, loop.filter, (error) => (failure = error))) return true;
    try {
      const value = loop.body.run(frame);
      if (!entries) insert(key, value);
      else if (value !== null && typeof value === 'object' && isStruct(value)) for (const k of value.keys()) insert(k, value.get(k)!);
      else throw new CelError('no such overload');
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      failure ??= error;
    }
    spend(frame.meter, entries ? 2 : 3);
    return true;
  });
  spend(frame.meter, 1);
  if (failure !== undefined) throw failure;
  return made;
}
