/** Real packets between pods' namespaces, as root: what nftables makes of the rules is what the API's reference says. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { freeClusterNumber, type ClusterAddresses } from '../addresses.ts';
import { clusterNamespace, ensureClusterNetwork, namespacePath, removeClusterNetwork, takenAddresses } from '../cluster-namespace.ts';
import { run } from '../commands.ts';
import { openPodNetwork } from '../pod-network.ts';
import { whyNot } from '../testing.ts';
import { NO_POLICIES, policyTransaction, type PolicyTable } from './table.ts';
import { mayPass, type Packet } from './testing/may-pass.ts';
import { policyWorlds, PORTS, tableOf } from './testing/worlds.ts';

const NAME = `poltest${process.pid}`;
const WORLDS = 25;
const PODS = ['aaaaaaaa-1', 'bbbbbbbb-1', 'cccccccc-1'];

/** Sends one packet for each line 'PROTOCOL ADDRESS PORT' (a datagram, or the first packet of a connection), and says when all of a batch have left. */
const SENDER = `
  const lines = require('node:readline').createInterface({ input: process.stdin });
  const send = (protocol, address, port) => new Promise((sent) => {
    if (protocol === 'UDP') {
      const socket = require('node:dgram').createSocket('udp4');
      socket.on('error', () => undefined);
      socket.send('x', port, address, () => { socket.close(); sent(); });
    } else {
      const socket = require('node:net').connect(port, address);
      for (const event of ['error', 'connect']) socket.on(event, () => socket.destroy());
      setTimeout(() => socket.destroy(), 500);
      sent();
    }
  });
  lines.on('line', async (line) => {
    await Promise.all(JSON.parse(line).map(({ protocol, to, port }) => send(protocol, to, port)));
    console.log('sent');
  });`;

/** Notes first packets where they come in, and where they come out behind the policies. */
const WITNESS = `table ip witness {
  set came { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags dynamic; size 65535; }
  set passed { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags dynamic; size 65535; }
  chain came { type filter hook prerouting priority filter; ct direction original meta l4proto { tcp, udp } add @came { ip saddr . ip daddr . meta l4proto . th dport }; }
  chain forwarded { type filter hook forward priority 100; ct direction original meta l4proto { tcp, udp } add @passed { ip saddr . ip daddr . meta l4proto . th dport }; }
  chain received { type filter hook input priority 100; ct direction original meta l4proto { tcp, udp } add @passed { ip saddr . ip daddr . meta l4proto . th dport }; }
}
`;

describe('policies in the kernel', { skip: whyNot() }, () => {
  let addresses: ClusterAddresses;
  let ips: string[];
  const senders = new Map<string, { process: ChildProcess; lines: Interface }>();
  const nft = (...args: string[]): Promise<string> => run('nsenter', [`--net=${namespacePath(clusterNamespace(NAME))}`, 'nft', ...args]);
  const apply = (commands: string): Promise<string> => run('nsenter', [`--net=${namespacePath(clusterNamespace(NAME))}`, 'nft', '-f', '-'], commands);

  function startSender(address: string, prefix: string[]): void {
    const [command = '', ...args] = [...prefix, process.execPath, '-e', SENDER];
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    senders.set(address, { process: child, lines: createInterface({ input: child.stdout }) });
  }

  async function send(from: string, packets: readonly Packet[]): Promise<void> {
    const { process: sender, lines } = senders.get(from)!;
    const sent = new Promise((done) => lines.once('line', done));
    sender.stdin!.write(`${JSON.stringify(packets)}\n`);
    await sent;
  }

  async function noted(set: string): Promise<Set<string>> {
    const { nftables } = JSON.parse(await nft('-j', 'list', 'set', 'ip', 'witness', set)) as {
      nftables: { set?: { elem?: { concat: unknown[] }[] } }[];
    };
    return new Set(nftables.flatMap((item) => item.set?.elem ?? []).map(({ concat }) => concat.join(' ')));
  }

  const keyOf = ({ from, to, protocol, port }: Packet): string => `${from} ${to} ${protocol.toLowerCase()} ${port}`;

  before(async () => {
    const { numbers, routes } = await takenAddresses();
    addresses = await ensureClusterNetwork(NAME, freeClusterNumber(new Set([...numbers, 1, 2, 3]), routes));
    const network = await openPodNetwork(NAME, addresses);
    const pods = await Promise.all(PODS.map((uid) => network.attach({ uid, namespace: 'a', name: uid, nodeName: 'n' })));
    ips = pods.map(({ ip }) => ip);
    await apply(WITNESS);
    for (const { ip, path } of pods) startSender(ip, ['nsenter', `--net=${path}`]);
    startSender(addresses.hostLink, []);
  });
  after(async () => {
    for (const { process: sender } of senders.values()) sender.kill('SIGKILL');
    await removeClusterNetwork(NAME);
  });

  test('packets pass where the reference of the API says they may, while policies, pods and namespaces change', { timeout: 120_000 }, async () => {
    const everyone = [...ips, addresses.dnsService];
    const packets: Packet[] = [...ips, addresses.hostLink].flatMap((from) =>
      everyone
        .filter((to) => to !== from)
        .flatMap((to) => [...PORTS, 53].flatMap((port) => (['TCP', 'UDP'] as const).map((protocol) => ({ from, to, protocol, port })))),
    );
    let current: PolicyTable | typeof NO_POLICIES | undefined;
    // Half of random worlds let everything pass: those that judge are looked at.
    const worlds = fc
      .sample(policyWorlds(ips, addresses, `172.30.${addresses.number}.2`), WORLDS * 3)
      .filter((world) => packets.some((packet) => !mayPass(world, packet, addresses.hostLink)))
      .slice(0, WORLDS);
    assert.ok(worlds.length > WORLDS / 2);
    for (const world of worlds) {
      const next = tableOf(world, addresses.dnsService);
      await apply(policyTransaction(current, next, addresses));
      current = next;
      await apply('flush set ip witness came\nflush set ip witness passed\n');
      await Promise.all(
        [...senders.keys()].map((from) =>
          send(
            from,
            packets.filter((packet) => packet.from === from),
          ),
        ),
      );
      for (let came = await noted('came'); packets.some((packet) => !came.has(keyOf(packet)));) came = await noted('came');
      const passed = await noted('passed');
      for (const packet of packets) {
        assert.equal(passed.has(keyOf(packet)), mayPass(world, packet, addresses.hostLink), `${keyOf(packet)} ${JSON.stringify(world)}`);
      }
    }
    await apply(policyTransaction(current, NO_POLICIES, addresses));
    assert.ok(!(await nft('list', 'tables')).includes('policies'));
  });
});
