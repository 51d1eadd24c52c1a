/** One JSON document from a server under a given authority. */
import { get } from 'node:https';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;

/** Rejects with an Error that names the address. */
export function getJson(url: string, ca: string | undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`Get ${JSON.stringify(url)}: ${why}`));
    const request = get(url, { timeout: TIMEOUT_MS, ...(ca === undefined ? {} : { ca }) }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) request.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.on('error', (error) => fail(error.message));
      response.on('end', () => {
        if (response.statusCode !== 200) return fail(`${response.statusCode} ${response.statusMessage}`);
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString()));
        } catch {
          fail('the answer is no JSON');
        }
      });
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (error) => fail(error.message));
  });
}
