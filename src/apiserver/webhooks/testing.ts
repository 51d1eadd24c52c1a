/** For tests: an HTTPS server on loopback that answers reviews as it is told, and the bundle that vouches for it. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { newCa, newServer } from '../pki/certificates.ts';

export interface TestWebhook {
  port: number;
  /** For `clientConfig.caBundle`. */
  caBundle: string;
  /** The bodies received, parsed. */
  asked: Record<string, unknown>[];
  /** What to answer to a body; a number is a status code. May be replaced at any time. */
  answer: (body: Record<string, unknown>, path: string) => unknown;
  close(): Promise<void>;
}

/** `names`: what the certificate is for, besides 127.0.0.1. */
export async function testWebhook(answer: TestWebhook['answer'], names: readonly string[] = []): Promise<TestWebhook> {
  const ca = newCa('webhooks', Date.now());
  const server = createServer(newServer(ca, 'webhook', ['127.0.0.1', ...names], Date.now()));
  const webhook: TestWebhook = {
    port: 0,
    caBundle: Buffer.from(ca.cert).toString('base64'),
    asked: [],
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  server.on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
      webhook.asked.push(body);
      void Promise.resolve(webhook.answer(body, request.url ?? '')).then((made) => {
        response.writeHead(typeof made === 'number' ? made : 200, { 'Content-Type': 'application/json' });
        response.end(typeof made === 'number' ? 'no' : JSON.stringify(made));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  webhook.port = (server.address() as AddressInfo).port;
  return webhook;
}

/** An AdmissionReview that answers `body`. */
export function verdict(body: Record<string, unknown>, response: { allowed: boolean } & Record<string, unknown>): object {
  const { uid } = body['request'] as { uid: string };
  return { apiVersion: body['apiVersion'], kind: 'AdmissionReview', response: { uid, ...response } };
}

/** A yes with a patch. */
export function patching(body: Record<string, unknown>, patch: unknown[]): object {
  return verdict(body, { allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') });
}
