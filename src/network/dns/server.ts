/** DNS over UDP and TCP: parses, asks the zone, forwards what is not ours. */
import dgram from 'node:dgram';
import net from 'node:net';
import packet, { type Answer, type DecodedPacket, type Packet } from 'dns-packet';
import type { Logger } from '../../runtime/log.ts';
import { forward } from './forward.ts';
import { resolve, ZONE, type Resolution, type ZoneRecord, type ZoneSource } from './zone.ts';

const TTL_SECONDS = 5;
const NXDOMAIN = 3;
const SERVFAIL = 2;
const NOTIMP = 4;
/** What a client takes over UDP without saying more. */
const UDP_BYTES = 512;
const UDP_BYTES_MAX = 4096;
const TCP_CLIENTS_MAX = 256;
const TCP_IDLE_MS = 10_000;

export interface DnsOptions {
  address: string;
  source: ZoneSource;
  /** Resolvers for names that are not the cluster's; empty: such names fail. */
  upstreams: readonly string[];
  log: Logger;
  /** Only for tests; default 53. */
  port?: number;
}

export interface DnsServer {
  close(): Promise<void>;
}

/** Listens on UDP and TCP; rejects when the address cannot be had. */
export async function startDns(options: DnsOptions): Promise<DnsServer> {
  const { address, port = 53, log } = options;
  const udp = dgram.createSocket('udp4');
  let rotation = 0;
  const answer = async (query: Buffer, tcp: boolean): Promise<Buffer | undefined> => {
    try {
      return await answerQuery(query, tcp, options, rotation++);
    } catch (error) {
      // Whatever anybody may send us must not end the server.
      log.debug('a DNS query could not be answered', { error: String(error) });
      return undefined;
    }
  };
  udp.on('message', (query, from) => {
    void answer(query, false).then((reply) => {
      if (reply !== undefined) udp.send(reply, from.port, from.address);
    });
  });
  udp.on('error', (error) => log.warn('DNS socket', { error: error.message }));
  const tcp = net.createServer((socket) => serveTcp(socket, (query) => answer(query, true)));
  tcp.maxConnections = TCP_CLIENTS_MAX;
  await new Promise<void>((done, failed) => {
    udp.once('error', failed);
    udp.bind(port, address, () => {
      udp.off('error', failed);
      done();
    });
  });
  await new Promise<void>((done, failed) => {
    tcp.once('error', failed);
    tcp.listen(udp.address().port, address, done);
  });
  return {
    async close() {
      await new Promise<void>((done) => udp.close(done));
      await new Promise<void>((done) => tcp.close(() => done()));
    },
  };
}

/** Messages with a length of two bytes in front, one after the other. */
function serveTcp(socket: net.Socket, answer: (query: Buffer) => Promise<Buffer | undefined>): void {
  let pending: Buffer = Buffer.alloc(0);
  let last = Promise.resolve();
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const query = Buffer.from(pending.subarray(2, end));
      pending = pending.subarray(end);
      last = last.then(async () => {
        const reply = await answer(query);
        if (reply === undefined) return void socket.destroy();
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        socket.write(Buffer.concat([length, reply]));
      });
    }
  });
}

async function answerQuery(query: Buffer, tcp: boolean, options: DnsOptions, rotation: number): Promise<Buffer | undefined> {
  const request = packet.decode(query);
  const question = request.questions?.[0];
  if (request.type !== 'query' || question === undefined) return undefined;
  const opcode = ((request.flags ?? 0) >> 11) & 0xf;
  if (opcode !== 0 || request.questions?.length !== 1) return packet.encode(reply(request, { code: NOTIMP }));
  const resolution = resolve(question.name, question.type, options.source);
  if (resolution.kind === 'forward') {
    return (await forward(query, options.upstreams, tcp)) ?? packet.encode(reply(request, { code: SERVFAIL }));
  }
  if (resolution.kind === 'unknown') return packet.encode(reply(request, { code: NXDOMAIN }));
  const answers = rotate(resolution.answers, rotation).map(record);
  if (resolution.follow !== undefined) answers.push(...(await followed(resolution.follow, question.type, tcp, options)));
  const message = reply(request, { code: 0, answers, additionals: resolution.additionals.map(record) });
  const whole = packet.encode(message);
  const limit = tcp ? 65_535 : Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES, acceptedBytes(request)));
  if (whole.length <= limit) return whole;
  return packet.encode({ ...message, answers: [], additionals: [], flags: (message.flags ?? 0) | packet.TRUNCATED_RESPONSE });
}

/** Records behind an alias: those of the zone itself, or what the machine's resolvers say. */
async function followed(target: string, type: string, tcp: boolean, options: DnsOptions): Promise<Answer[]> {
  const inside: Resolution = resolve(target, type, options.source);
  if (inside.kind === 'found') return inside.answers.map(record);
  if (inside.kind === 'unknown') return [];
  // The question's type came from a decoded packet.
  const query = packet.encode({ type: 'query', id: 1, flags: packet.RECURSION_DESIRED, questions: [{ name: target, type: type as Answer['type'] & 'A' }] });
  const reply = await forward(query, options.upstreams, tcp);
  return reply === undefined ? [] : (packet.decode(reply).answers ?? []);
}

function reply(request: DecodedPacket, more: { code: number; answers?: Answer[]; additionals?: Answer[] }): Packet {
  const { answers = [], additionals = [] } = more;
  return {
    type: 'response',
    ...(request.id === undefined ? {} : { id: request.id }),
    flags: packet.AUTHORITATIVE_ANSWER | packet.RECURSION_AVAILABLE | (request.flag_rd ? packet.RECURSION_DESIRED : 0) | more.code,
    questions: request.questions ?? [],
    answers,
    additionals,
    // Tells resolvers for how long they may believe that a name has no records.
    authorities:
      answers.length > 0 || more.code === SERVFAIL
        ? []
        : [
            {
              type: 'SOA',
              name: ZONE,
              ttl: TTL_SECONDS,
              data: { mname: `ns.dns.${ZONE}`, rname: `hostmaster.${ZONE}`, serial: 1, refresh: 7200, retry: 1800, expire: 86_400, minimum: TTL_SECONDS },
            },
          ],
  };
}

function record(from: ZoneRecord): Answer {
  return { ...from, ttl: TTL_SECONDS };
}

/** Clients take the first address: each query begins with another. */
function rotate<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

/** EDNS: the client's own limit. */
function acceptedBytes(request: DecodedPacket): number {
  const opt = request.additionals?.find((additional) => additional.type === 'OPT');
  return opt === undefined ? 0 : ((opt as { udpPayloadSize?: number }).udpPayloadSize ?? 0);
}
