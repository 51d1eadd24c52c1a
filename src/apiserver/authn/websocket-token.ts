/** A token for those who cannot set headers: browsers name it among the protocols of a WebSocket. */
import type { IncomingMessage } from 'node:http';
import { unauthorized } from '../../kube/status.ts';

const PREFIX = 'base64url.bearer.authorization.k8s.io.';
const HEADER = 'sec-websocket-protocol';

/** Takes the token out of the request: no answer must repeat it. Throws StatusError 401 when it stands alone, or twice. */
export function takeWebSocketToken({ headers }: IncomingMessage): string | undefined {
  const offered = headers[HEADER];
  if (offered === undefined || !offered.includes(PREFIX) || headers.upgrade?.toLowerCase() !== 'websocket') return undefined;
  const protocols = offered.split(',').map((protocol) => protocol.trim());
  const tokens = protocols.filter((protocol) => protocol.startsWith(PREFIX));
  const others = protocols.filter((protocol) => !protocol.startsWith(PREFIX));
  if (tokens.length !== 1 || others.length === 0) throw unauthorized();
  headers[HEADER] = others.join(',');
  return Buffer.from(tokens[0]!.slice(PREFIX.length), 'base64url').toString();
}
