import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { takeWebSocketToken } from './websocket-token.ts';

function request(protocols: string, upgrade = 'websocket'): IncomingMessage {
  return { headers: { upgrade, 'sec-websocket-protocol': protocols } } as unknown as IncomingMessage;
}

const named = `base64url.bearer.authorization.k8s.io.${Buffer.from('a.b.c').toString('base64url')}`;

test('a token among the protocols is taken out of them', () => {
  const asked = request(`${named}, v5.channel.k8s.io`);
  assert.equal(takeWebSocketToken(asked), 'a.b.c');
  assert.equal(asked.headers['sec-websocket-protocol'], 'v5.channel.k8s.io');
});

test('others have none', () => {
  assert.equal(takeWebSocketToken(request('v5.channel.k8s.io')), undefined);
  assert.equal(takeWebSocketToken(request(`${named}, v5.channel.k8s.io`, 'SPDY/3.1')), undefined);
});

test('a token alone, or two of them, let nobody in', () => {
  for (const protocols of [named, `${named}, ${named}, v5.channel.k8s.io`]) assert.throws(() => takeWebSocketToken(request(protocols)), { code: 401 });
});
