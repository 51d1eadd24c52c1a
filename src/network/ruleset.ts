/** What nftables shall hold, and the smallest transaction from one such state to another. Pure. */

/** Contents of the data plane's table, beside the fixed frame of `frame`. */
export interface Ruleset {
  /** Rules of a chain, in order. An array is never changed once it is here: equality of arrays is looked for first. */
  chains: Map<string, readonly string[]>;
  /** Sets that packets fill (session affinity): name to definition. A definition never changes under one name. */
  sets: Map<string, string>;
  /** 'ADDRESS . PROTOCOL . PORT' to a verdict. */
  services: Map<string, string>;
  /** 'PROTOCOL . PORT' to a verdict. */
  nodePorts: Map<string, string>;
  /** Addresses of endpoints: what a pod sends to itself through a service needs another source. */
  endpoints: Set<string>;
}

export const TABLE = 'ip argosy';

export function emptyRuleset(): Ruleset {
  return { chains: new Map(), sets: new Map(), services: new Map(), nodePorts: new Map(), endpoints: new Set() };
}

/** Puts rulesets together; where two claim the same address and port, the first has it. */
export function mergeRulesets(parts: Iterable<Ruleset>): Ruleset {
  const all = emptyRuleset();
  for (const part of parts) {
    for (const [name, rules] of part.chains) all.chains.set(name, rules);
    for (const [name, definition] of part.sets) all.sets.set(name, definition);
    for (const [key, verdict] of part.services) if (!all.services.has(key)) all.services.set(key, verdict);
    for (const [key, verdict] of part.nodePorts) if (!all.nodePorts.has(key)) all.nodePorts.set(key, verdict);
    for (const address of part.endpoints) all.endpoints.add(address);
  }
  return all;
}

/** The table itself, empty: replaces whatever was there. `nodeCidr` is where node ports answer. */
export function frame(nodeCidr: string): string {
  return `add table ${TABLE}
delete table ${TABLE}
table ${TABLE} {
  map services { type ipv4_addr . inet_proto . inet_service : verdict; }
  map node-ports { type inet_proto . inet_service : verdict; }
  set hairpin { type ipv4_addr . ipv4_addr; }
  chain services {
    ip daddr . meta l4proto . th dport vmap @services
    ip daddr ${nodeCidr} meta l4proto . th dport vmap @node-ports
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump services
  }
  chain output {
    type nat hook output priority -100; policy accept;
    jump services
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr . ip daddr @hairpin masquerade
  }
}
`;
}

/** nft commands, one transaction, that turn `before` into `after`; '' when they are equal. */
export function transaction(before: Ruleset, after: Ruleset): string {
  const lines: string[] = [];
  const elements = (verb: 'add' | 'delete', set: string, list: readonly string[]): void => {
    if (list.length > 0) lines.push(`${verb} element ${TABLE} ${set} { ${list.join(', ')} }`);
  };
  const maps = [
    ['services', before.services, after.services],
    ['node-ports', before.nodePorts, after.nodePorts],
  ] as const;
  // First what refers to chains, at the end the chains themselves: no command may leave a dangling name.
  for (const [name, old, now] of maps)
    elements(
      'delete',
      name,
      changedEntries(old, now).map(([key]) => key),
    );
  elements('delete', 'hairpin', missing(before.endpoints, after.endpoints).map(pair));
  for (const [name, definition] of after.sets) if (!before.sets.has(name)) lines.push(`add set ${TABLE} ${name} ${definition}`);
  const changed = [...after.chains].filter(([name, rules]) => !sameRules(before.chains.get(name), rules));
  for (const [name] of changed) if (!before.chains.has(name)) lines.push(`add chain ${TABLE} ${name}`);
  for (const [name, rules] of changed) {
    if (before.chains.has(name)) lines.push(`flush chain ${TABLE} ${name}`);
    for (const rule of rules) lines.push(`add rule ${TABLE} ${name} ${rule}`);
  }
  for (const [name, old, now] of maps)
    elements(
      'add',
      name,
      changedEntries(now, old).map(([key, verdict]) => `${key} : ${verdict}`),
    );
  elements('add', 'hairpin', missing(after.endpoints, before.endpoints).map(pair));
  const removed = missing(new Set(before.chains.keys()), after.chains);
  for (const name of removed) lines.push(`flush chain ${TABLE} ${name}`);
  for (const name of removed) lines.push(`delete chain ${TABLE} ${name}`);
  for (const name of before.sets.keys()) if (!after.sets.has(name)) lines.push(`delete set ${TABLE} ${name}`);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** Entries of `map` that `other` has not or has with another value. */
function changedEntries(map: Map<string, string>, other: Map<string, string>): [string, string][] {
  return [...map].filter(([key, value]) => other.get(key) !== value);
}

function missing(set: Set<string>, other: { has(key: string): boolean }): string[] {
  return [...set].filter((value) => !other.has(value));
}

function pair(address: string): string {
  return `${address} . ${address}`;
}

export function sameRules(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a === b || (a !== undefined && a.length === b.length && a.every((rule, i) => rule === b[i]));
}
