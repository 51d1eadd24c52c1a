/** Merging an applied configuration into the live object, and taking items out again. Neither changes its arguments. */
import { below, hasMember, type FieldSet } from './field-set.ts';
import { itemElement } from './path-element.ts';
import { isLeaf, resolved, type ListShape, type ObjectShape, type Shape } from './shape.ts';

type Members = Record<string, unknown>;

/** `live` with what `applied` says; undefined members are absent. Throws NoElementError for lists whose items have no key. */
export function mergeValues(live: unknown, applied: unknown, shape: Shape): unknown {
  if (applied === undefined) return live;
  if (live === undefined || live === null) return applied;
  const known = resolved(shape, applied ?? live);
  if (isLeaf(known)) return applied;
  if (known.kind === 'object') {
    if (!isMembers(live) || !isMembers(applied ?? {})) return applied;
    return mergeMembers(live, (applied ?? {}) as Members, known);
  }
  if (known.kind !== 'list' || !Array.isArray(live) || !Array.isArray(applied ?? [])) return applied;
  if (live.length === 0) return applied;
  return mergeItems(live, (applied ?? []) as unknown[], known);
}

function mergeMembers(live: Members, applied: Members, shape: ObjectShape): Members {
  const merged: Members = { ...live };
  for (const name of Object.keys(applied)) {
    const inner = shape.fields.get(name)?.shape ?? shape.element;
    const value = inner === undefined ? applied[name] : mergeValues(Object.hasOwn(live, name) ? live[name] : undefined, applied[name], inner);
    // Assigning to __proto__ would set the prototype.
    Object.defineProperty(merged, name, { value, writable: true, enumerable: true, configurable: true });
  }
  return merged;
}

/** Items both have keep the applied order among themselves; those only the live list has stay where they were before their neighbours. */
function mergeItems(live: readonly unknown[], applied: readonly unknown[], shape: ListShape): unknown[] {
  const liveKeys = live.map((item) => itemElement(item, shape));
  const appliedKeys = applied.map((item) => itemElement(item, shape));
  const liveItems = new Map<string, unknown>();
  // Items that share a key are not merged with: the applied one replaces them.
  for (const [i, key] of liveKeys.entries()) liveItems.set(key, liveItems.has(key) ? undefined : live[i]);
  const isApplied = new Set(appliedKeys);
  const shared = appliedKeys.filter((key) => liveItems.has(key));
  const merged: unknown[] = [];
  const done = new Set<string>();
  const take = (key: string, item: unknown): void => {
    done.add(key);
    merged.push(mergeValues(liveItems.get(key), item, shape.element));
  };
  let [l, a, s] = [0, 0, 0];
  while (l < live.length || a < applied.length) {
    const [liveKey, appliedKey] = [liveKeys[l], appliedKeys[a]];
    if (liveKey !== undefined && appliedKey !== undefined) {
      if (liveKey === appliedKey) {
        take(appliedKey, applied[a]);
        l++;
        a++;
        s++;
        continue;
      }
      if (isApplied.has(liveKey) && shared[s] !== undefined && shared[s] !== liveKey) {
        // It comes later in the applied order.
        l++;
        continue;
      }
    }
    if (liveKey !== undefined) {
      if (!isApplied.has(liveKey)) {
        merged.push(live[l]);
        l++;
        continue;
      }
      if (done.has(liveKey)) l++;
    }
    if (appliedKey !== undefined) {
      take(appliedKey, applied[a]);
      a++;
      if (shared[s] === appliedKey) s++;
    }
  }
  return merged;
}

/** The value without the items and fields in the set; undefined when nothing is left. What is atomic stays as it is. */
export function removeItems(value: unknown, taken: FieldSet, shape: Shape): unknown {
  const known = resolved(shape, value);
  if (isLeaf(known) || typeof value !== 'object' || value === null) return value;
  if (known.kind === 'list') {
    if (!Array.isArray(value)) return value;
    const items = value.flatMap((item) => {
      const element = itemElement(item, known);
      if (hasMember(taken, element)) return [];
      const inner = below(taken, element);
      return [inner === undefined ? item : removeItems(item, inner, known.element)];
    });
    return items.length > 0 ? items : undefined;
  }
  if (known.kind !== 'object' || Array.isArray(value)) return value;
  const members: Members = {};
  for (const name of Object.keys(value)) {
    const field = known.fields.get(name);
    const element = field?.element ?? `f:${name}`;
    if (hasMember(taken, element)) continue;
    const inner = below(taken, element);
    const shapeOfMember = field?.shape ?? known.element;
    const left = inner === undefined || shapeOfMember === undefined ? (value as Members)[name] : removeItems((value as Members)[name], inner, shapeOfMember);
    if (left !== undefined) Object.defineProperty(members, name, { value: left, writable: true, enumerable: true, configurable: true });
  }
  return Object.keys(members).length > 0 ? members : undefined;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
