/** An expression's tree, macros already expanded: what is checked, estimated and planned. */

export type Literal = null | boolean | bigint | number | string | Uint8Array | { uint: bigint };

export interface Item {
  value: Node;
  optional: boolean;
}

export interface Entry {
  key: Node;
  value: Node;
  optional: boolean;
}

export interface Field {
  /** Of the colon. */
  at: number;
  name: string;
  value: Node;
  optional: boolean;
}

/** What a macro's loop makes, so that its plan need not be found again. */
export type FoldKind = 'all' | 'exists' | 'one' | 'list' | 'map' | 'mapEntry' | 'bind';

/** A loop over `range`: `accumulator` begins as `init`, becomes `step` for every element while `condition` holds, and `result` is made of it. */
export interface Fold {
  kind: 'fold';
  macro: FoldKind;
  range: Node;
  variable: string;
  /** Of the value, where the first is the key or index. */
  second?: string;
  accumulator: string;
  init: Node;
  condition: Node;
  step: Node;
  result: Node;
}

/** `at` is an offset into the source, for messages. */
export type Node = { at: number } & (
  | { kind: 'literal'; value: Literal }
  | { kind: 'ident'; name: string }
  /** `test`: has(operand.field) */
  | { kind: 'select'; operand: Node; field: string; test: boolean }
  /** Operators are calls too: '_+_', '!_', '_?_:_', '_[_]', '_[?_]', '_?._'. */
  | { kind: 'call'; target?: Node; name: string; args: Node[] }
  | { kind: 'list'; items: Item[] }
  | { kind: 'map'; entries: Entry[] }
  | { kind: 'struct'; name: string; fields: Field[] }
  | Fold
);

export type Call = Node & { kind: 'call' };

/** A copy that shares no node with it. */
export function copyOf(node: Node): Node {
  switch (node.kind) {
    case 'literal':
    case 'ident':
      return { ...node };
    case 'select':
      return { ...node, operand: copyOf(node.operand) };
    case 'call':
      return { ...node, ...(node.target === undefined ? {} : { target: copyOf(node.target) }), args: node.args.map(copyOf) };
    case 'list':
      return { ...node, items: node.items.map((item) => ({ ...item, value: copyOf(item.value) })) };
    case 'map':
      return { ...node, entries: node.entries.map((entry) => ({ ...entry, key: copyOf(entry.key), value: copyOf(entry.value) })) };
    case 'struct':
      return { ...node, fields: node.fields.map((field) => ({ ...field, value: copyOf(field.value) })) };
    case 'fold': {
      const { range, init, condition, step, result } = node;
      return { ...node, range: copyOf(range), init: copyOf(init), condition: copyOf(condition), step: copyOf(step), result: copyOf(result) };
    }
  }
}

/** The nodes directly below. */
export function childrenOf(node: Node): Node[] {
  switch (node.kind) {
    case 'literal':
    case 'ident':
      return [];
    case 'select':
      return [node.operand];
    case 'call':
      return node.target === undefined ? node.args : [node.target, ...node.args];
    case 'list':
      return node.items.map(({ value }) => value);
    case 'map':
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case 'struct':
      return node.fields.map(({ value }) => value);
    case 'fold':
      return [node.range, node.init, node.condition, node.step, node.result];
  }
}
