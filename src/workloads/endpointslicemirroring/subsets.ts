/** Endpoints' subsets in one form, however they were written: every set of addresses once, with all the ports it has. */
import type { Endpoints } from '../../kube/types.ts';

type Written = NonNullable<Endpoints['subsets']>[number];
export type Address = NonNullable<Written['addresses']>[number];
export type Port = NonNullable<Written['ports']>[number];

export interface Subset {
  /** Ready ones first, then by address. */
  addresses: { address: Address; ready: boolean }[];
  /** By name. */
  ports: Port[];
}

/** An address by itself and whom it is of: pods may share the address of their node. */
const identity = ({ ip, targetRef }: Address): string => `${ip} ${targetRef?.uid ?? ''}`;
const portKey = ({ name = '', port, protocol, appProtocol }: Port): string => JSON.stringify([name, port, protocol, appProtocol]);

/** An address that is ready in one subset and not in another, for one port, is not ready. */
export function repackSubsets(subsets: Endpoints['subsets']): Subset[] {
  const addresses = new Map<string, Address>();
  const byPort = new Map<string, { port: Port | undefined; ready: Map<string, boolean> }>();
  for (const subset of subsets ?? []) {
    // Without ports its addresses count all the same.
    const ports = subset.ports?.length ? subset.ports : [undefined];
    for (const port of ports) {
      const key = port === undefined ? '' : portKey(port);
      const { ready } = byPort.get(key) ?? byPort.set(key, { port, ready: new Map() }).get(key)!;
      const add = (isReady: boolean) => (address: Address) => {
        const id = identity(address);
        if (!addresses.has(id)) addresses.set(id, address);
        ready.set(id, (ready.get(id) ?? true) && isReady);
      };
      subset.addresses?.forEach(add(true));
      subset.notReadyAddresses?.forEach(add(false));
    }
  }
  const packed = new Map<string, Subset>();
  for (const { port, ready } of byPort.values()) {
    const members = [...ready].toSorted(([a, first], [b, second]) => Number(second) - Number(first) || compare(a, b));
    const key = JSON.stringify(members);
    const subset =
      packed.get(key) ?? packed.set(key, { addresses: members.map(([id, isReady]) => ({ address: addresses.get(id)!, ready: isReady })), ports: [] }).get(key)!;
    if (port !== undefined) subset.ports.push(port);
  }
  for (const subset of packed.values()) subset.ports.sort((a, b) => compare(portKey(a), portKey(b)));
  return [...packed.values()];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
