/** As much of nftables as the policies' table uses, strict about what is not there: it refuses what the kernel would refuse. */
import assert from 'node:assert/strict';
import { addressToNumber, parseCidr } from '../../addresses.ts';

export interface Headers {
  iifname: string;
  'ip saddr': string;
  'ip daddr': string;
  'ct original ip daddr': string;
  'meta l4proto': string;
  'th dport': string;
}

const FIELD = 'iifname|ip saddr|ip daddr|ct original ip daddr|meta l4proto|th dport';
const MATCH = new RegExp(`^((?:${FIELD})(?: \\. (?:${FIELD}))*) (vmap @\\S+|@\\S+|\\{[^}]*\\}|\\S+) ?`);
const BLOCK = /^ {2}(map|set|chain) (\S+) \{(.*)$/;

export class MiniNft {
  #there = false;
  readonly chains = new Map<string, string[]>();
  /** Values are '' in sets. */
  readonly sets = new Map<string, Map<string, string>>();

  run(commands: string): void {
    let chain: string[] | undefined;
    for (const line of commands.split('\n')) {
      if (chain !== undefined) {
        if (line === '  }') chain = undefined;
        else if (!line.includes('type filter hook')) chain.push(line.trim());
        continue;
      }
      const block = BLOCK.exec(line);
      if (block?.[1] === 'chain') this.chains.set(block[2]!, (chain = []));
      else if (block) this.sets.set(block[2]!, new Map());
      else if (line !== '' && line !== '}' && !line.startsWith('table ')) this.#command(line);
    }
    this.#check();
  }

  #command(line: string): void {
    const [, verb, what, name, rest = ''] = /^(add|delete|flush) (table|set|chain|rule|element) ip argosy-policies ?(\S*) ?(.*)$/.exec(line) ?? [];
    const elements = rest.replace(/^\{ | \}$/g, '').split(', ');
    switch (`${verb} ${what}`) {
      case 'add table':
        this.#there = true;
        return;
      case 'delete table':
        assert.ok(this.#there, line);
        this.chains.clear();
        this.sets.clear();
        return;
      case 'add set':
        assert.ok(!this.sets.has(name!), line);
        this.sets.set(name!, new Map());
        return;
      case 'delete set':
        assert.ok(this.sets.delete(name!), line);
        return;
      case 'add chain':
        assert.ok(!this.chains.has(name!), line);
        this.chains.set(name!, []);
        return;
      case 'flush chain':
        this.#chain(name!).length = 0;
        return;
      case 'delete chain':
        assert.deepEqual(this.#chain(name!), [], line);
        this.chains.delete(name!);
        return;
      case 'add rule':
        this.#chain(name!).push(rest);
        return;
      case 'add element':
        for (const element of elements) {
          const [key = '', value = ''] = element.split(' : ');
          assert.ok(!this.#set(name!).has(key), line);
          this.#set(name!).set(key, value);
        }
        return;
      case 'delete element':
        for (const element of elements) assert.ok(this.#set(name!).delete(element), line);
        return;
      default:
        assert.fail(`not understood: ${line}`);
    }
  }

  /** Nothing names what is not there. */
  #check(): void {
    for (const rule of [...this.chains.values()].flat()) {
      for (const [, set] of rule.matchAll(/@(\S+)/g)) this.#set(set!);
      const target = /jump (\S+)$/.exec(rule)?.[1];
      if (target !== undefined) this.#chain(target);
    }
    for (const map of this.sets.values()) for (const value of map.values()) if (value !== '') this.#chain(value.replace('jump ', ''));
  }

  #chain(name: string): string[] {
    const chain = this.chains.get(name);
    assert.ok(chain !== undefined, `no chain ${name}`);
    return chain;
  }

  #set(name: string): Map<string, string> {
    const set = this.sets.get(name);
    assert.ok(set !== undefined, `no set ${name}`);
    return set;
  }

  /** Whether the first packet of a connection passes; no table lets everything pass. */
  passes(packet: Headers, hook: 'forward' | 'input'): boolean {
    return [`leave-${hook}`, `reach-${hook}`].every((base) => !this.chains.has(base) || this.#walk(base, packet) !== 'drop');
  }

  #walk(chain: string, packet: Headers): 'accept' | 'drop' | undefined {
    for (const rule of this.#chain(chain)) {
      const verdict = this.#rule(rule, packet);
      if (verdict?.startsWith('jump ')) {
        const there = this.#walk(verdict.slice(5), packet);
        if (there !== undefined) return there;
      } else if (verdict === 'accept' || verdict === 'drop') return verdict;
      else assert.equal(verdict, undefined, rule);
    }
    return undefined;
  }

  #rule(rule: string, packet: Headers): string | undefined {
    // Only first packets are asked about here.
    if (rule.startsWith('ct state established')) return undefined;
    let left = rule;
    for (;;) {
      const match = MATCH.exec(left);
      if (match === null) return left;
      left = left.slice(match[0].length);
      // The expression has matched names of fields only.
      const values = match[1]!.split(' . ').map((field) => packet[field as keyof Headers]);
      const against = match[2]!;
      if (against.startsWith('vmap @')) return this.#set(against.slice(6)).get(values.join(' . '));
      const candidates = against.startsWith('@') ? [...this.#set(against.slice(1)).keys()] : against.replace(/^\{ | \}$/g, '').split(', ');
      if (!candidates.some((candidate) => candidate.split(' . ').every((part, i) => isWithin(part, values[i] ?? '')))) return undefined;
    }
  }
}

/** A value, a range or a CIDR. */
function isWithin(part: string, value: string): boolean {
  if (part === value || part === `"${value}"`) return true;
  const number = value.includes('.') ? addressToNumber(value) : Number(value);
  if (/^[\d.]+\/\d+$/.test(part)) return number >= parseCidr(part).start && number <= parseCidr(part).end;
  const [, low, high] = /^([\d.]+)-([\d.]+)$/.exec(part) ?? [];
  return low !== undefined && high !== undefined && number >= addressToNumber(low) && number <= addressToNumber(high);
}
