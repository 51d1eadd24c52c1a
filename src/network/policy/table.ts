/** What nftables shall hold for network policies, and the smallest transaction from one such state to another. Pure. */
import type { ClusterAddresses } from '../addresses.ts';
import { sameRules } from '../ruleset.ts';

/** Of a set or, with a value, of a map. All elements of a pod begin with its address, so those of different pods never meet. */
export interface Element {
  set: string;
  key: string;
  value?: string;
}

/** Contents of the policies' table, beside the fixed frame of `policyFrame`. */
export interface PolicyTable {
  chains: ReadonlyMap<string, readonly string[]>;
  /** Name to definition. A definition never changes under one name. */
  sets: ReadonlyMap<string, string>;
  /** Elements of pods, by address. An array is never changed once it is here: equality of arrays is looked for first. */
  pods: ReadonlyMap<string, readonly Element[]>;
}

/** A cluster without policies has no table: packets pass unasked. */
export const NO_POLICIES = 'none';

const TABLE = 'ip argosy-policies';
const NOTHING: PolicyTable = { chains: new Map(), sets: new Map(), pods: new Map() };

/**
 * The table itself, empty: replaces whatever was there.
 *
 * Packets of pods, also between two of one node, are forwarded by the router, or end there (the name server): both are asked, after services'
 * addresses have been translated. Who sends is asked before who receives: what the first chain accepts the second still judges. Answers pass.
 * The machine is every pod's node: what it sends to pods and cluster addresses passes, what comes by node ports and load balancers is
 * judged by the address it comes from.
 */
function policyFrame({ hostLink, podCidr, serviceCidr }: ClusterAddresses): string {
  const chain = (side: 'leave' | 'reach', hook: string, lines: readonly string[]): string => `
  chain ${side}-${hook} {
    type filter hook ${hook} priority filter + ${side === 'leave' ? 1 : 2}; policy accept;
    ct state established,related accept
    ip saddr . ip daddr @own accept
    ${lines.join('\n    ')}
  }`;
  const leave = ['ip saddr vmap @egress'];
  const reach = [`iifname "up0" ip saddr ${hostLink} ct original ip daddr { ${podCidr}, ${serviceCidr} } accept`, 'ip daddr vmap @ingress'];
  return `${removal()}table ${TABLE} {
  map egress { type ipv4_addr : verdict; }
  map ingress { type ipv4_addr : verdict; }
  set own { type ipv4_addr . ipv4_addr; }${['forward', 'input'].map((hook) => chain('leave', hook, leave) + chain('reach', hook, reach)).join('')}
}
`;
}

function removal(): string {
  return `add table ${TABLE}\ndelete table ${TABLE}\n`;
}

/** nft commands, one transaction, that turn `before` into `after`; '' when they are equal. `before` undefined: unknown. */
export function policyTransaction(
  before: PolicyTable | typeof NO_POLICIES | undefined,
  after: PolicyTable | typeof NO_POLICIES,
  addresses: ClusterAddresses,
): string {
  if (after === NO_POLICIES) return before === NO_POLICIES ? '' : removal();
  if (before === undefined || before === NO_POLICIES) return policyFrame(addresses) + change(NOTHING, after);
  return change(before, after);
}

function change(before: PolicyTable, after: PolicyTable): string {
  const lines: string[] = [];
  const { gone, come } = changedElements(before.pods, after.pods);
  const removedSets = [...before.sets.keys()].filter((name) => !after.sets.has(name));
  for (const name of removedSets) gone.delete(name);
  // First what refers to chains and sets, at the end what is referred to: no command may leave a dangling name.
  for (const [set, keys] of gone) lines.push(`delete element ${TABLE} ${set} { ${keys.join(', ')} }`);
  for (const [name, definition] of after.sets) if (!before.sets.has(name)) lines.push(`add set ${TABLE} ${name} ${definition}`);
  const changed = [...after.chains].filter(([name, rules]) => !sameRules(before.chains.get(name), rules));
  for (const [name] of changed) lines.push(before.chains.has(name) ? `flush chain ${TABLE} ${name}` : `add chain ${TABLE} ${name}`);
  for (const [name, rules] of changed) for (const rule of rules) lines.push(`add rule ${TABLE} ${name} ${rule}`);
  for (const [set, keys] of come) lines.push(`add element ${TABLE} ${set} { ${keys.join(', ')} }`);
  const removedChains = [...before.chains.keys()].filter((name) => !after.chains.has(name));
  for (const name of removedChains) lines.push(`flush chain ${TABLE} ${name}`);
  for (const name of removedChains) lines.push(`delete chain ${TABLE} ${name}`);
  for (const name of removedSets) lines.push(`delete set ${TABLE} ${name}`);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** What to take out of sets and what to put in, by set. Pods whose arrays are the same cost one comparison. */
function changedElements(before: PolicyTable['pods'], after: PolicyTable['pods']): Record<'gone' | 'come', Map<string, string[]>> {
  const gone = new Map<string, string[]>();
  const come = new Map<string, string[]>();
  const put = (into: Map<string, string[]>, set: string, text: string): void => {
    const list = into.get(set);
    if (list === undefined) into.set(set, [text]);
    else list.push(text);
  };
  const compare = (old: readonly Element[], now: readonly Element[]): void => {
    if (old === now) return;
    for (const element of old) if (!now.some((other) => isSame(element, other))) put(gone, element.set, element.key);
    for (const element of now) if (!old.some((other) => isSame(element, other))) put(come, element.set, textOf(element));
  };
  for (const [address, old] of before) compare(old, after.get(address) ?? []);
  for (const [address, now] of after) if (!before.has(address)) compare([], now);
  return { gone, come };
}

function isSame(a: Element, b: Element): boolean {
  return a.set === b.set && a.key === b.key && a.value === b.value;
}

function textOf({ key, value }: Element): string {
  return value === undefined ? key : `${key} : ${value}`;
}
