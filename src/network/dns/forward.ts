/** Passes queries on to other resolvers, as they are. */
import { randomInt } from 'node:crypto';
import dgram from 'node:dgram';
import { readFileSync } from 'node:fs';
import net from 'node:net';

const TIMEOUT_MS = 2000;
const IN_FLIGHT_MAX = 500;
let inFlight = 0;

/** The answer of the first resolver that gives one, or undefined. `query` is a whole DNS message. */
export async function forward(query: Buffer, upstreams: readonly string[], tcp: boolean): Promise<Buffer | undefined> {
  if (inFlight >= IN_FLIGHT_MAX) return undefined;
  inFlight++;
  try {
    for (const upstream of upstreams) {
      const reply = tcp ? await overTcp(query, upstream) : await overUdp(query, upstream);
      if (reply !== undefined) return reply;
    }
    return undefined;
  } finally {
    inFlight--;
  }
}

/** Under an id and port of our own choosing, so that nobody else can answer in the resolver's place. */
function overUdp(query: Buffer, upstream: string): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket('udp4');
    const mine = Buffer.from(query);
    mine.writeUInt16BE(randomInt(0x10000), 0);
    const done = (reply: Buffer | undefined): void => {
      clearTimeout(timer);
      socket.close();
      resolve(reply);
    };
    const timer = setTimeout(() => done(undefined), TIMEOUT_MS);
    socket.once('error', () => done(undefined));
    socket.on('message', (reply) => {
      if (reply.length < 12 || reply.readUInt16BE(0) !== mine.readUInt16BE(0)) return;
      query.copy(reply, 0, 0, 2);
      done(reply);
    });
    socket.connect(53, upstream, () => socket.send(mine));
  });
}

function overTcp(query: Buffer, upstream: string): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: upstream, port: 53 });
    let received: Buffer = Buffer.alloc(0);
    const done = (reply: Buffer | undefined): void => {
      socket.destroy();
      resolve(reply);
    };
    socket.setTimeout(TIMEOUT_MS, () => done(undefined));
    socket.once('error', () => done(undefined));
    socket.once('close', () => done(undefined));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) done(received.subarray(2, 2 + received.readUInt16BE(0)));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  });
}

const RESOLV_CONFS = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/**
 * The machine's resolvers, as far as they can be reached from the router: those on the host's loopback cannot
 * (systemd-resolved keeps the real ones in a file of its own).
 */
export function machineResolvers(files: readonly string[] = RESOLV_CONFS): string[] {
  for (const file of files) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      continue;
    }
    const found = [...text.matchAll(/^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map((match) => match[1]!).filter((address) => !address.startsWith('127.'));
    if (found.length > 0) return found;
  }
  return [];
}
