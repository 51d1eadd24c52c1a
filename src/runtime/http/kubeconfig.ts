/** Reads a kubeconfig file into what `httpClient` needs. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { HttpClientOptions } from './client.ts';

interface NamedEntries {
  clusters?: { name: string; cluster?: Record<string, unknown> }[];
  users?: { name: string; user?: Record<string, unknown> }[];
  contexts?: { name: string; context?: { cluster?: string; user?: string; namespace?: string } }[];
  'current-context'?: string;
}

/**
 * `context` defaults to the file's current one. Data may be embedded or in files (relative to the kubeconfig's folder).
 * Throws an Error naming the field that is missing or not supported.
 */
export async function loadKubeconfig(path: string, context?: string): Promise<HttpClientOptions & { namespace: string }> {
  const config = (parse(await readFile(path, 'utf8')) ?? {}) as NamedEntries;
  const contextName = context ?? config['current-context'];
  if (!contextName) throw new Error(`${path}: no current-context is set; name a context`);
  const found = config.contexts?.find((c) => c.name === contextName)?.context;
  if (found === undefined) throw new Error(`${path}: context '${contextName}' is not in contexts`);
  const cluster = config.clusters?.find((c) => c.name === found.cluster)?.cluster;
  if (cluster === undefined) throw new Error(`${path}: cluster '${found.cluster ?? ''}' of context '${contextName}' is not in clusters`);
  const user = config.users?.find((u) => u.name === found.user)?.user ?? {};
  const server = text(cluster.server);
  if (server === undefined) throw new Error(`${path}: clusters[${found.cluster}].cluster.server is missing`);
  for (const field of ['exec', 'auth-provider', 'username']) {
    if (user[field] !== undefined) throw new Error(`${path}: users[${found.user}].user.${field} is not supported; use a client certificate or a token`);
  }
  const folder = dirname(resolve(path));
  const [ca, cert, key, tokenInFile] = await Promise.all([
    dataOrFile(cluster, 'certificate-authority', folder),
    dataOrFile(user, 'client-certificate', folder),
    dataOrFile(user, 'client-key', folder),
    readOptional(text(user.tokenFile), folder),
  ]);
  const token = text(user.token) ?? tokenInFile?.trim();
  const serverName = text(cluster['tls-server-name']);
  return {
    server,
    namespace: found.namespace ?? 'default',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecureSkipTlsVerify: true } : {}),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** `<field>-data` in base64 wins over the file that `<field>` names, as upstream. */
function dataOrFile(entry: Record<string, unknown>, field: string, folder: string): Promise<string | undefined> {
  const data = text(entry[`${field}-data`]);
  if (data !== undefined) return Promise.resolve(Buffer.from(data, 'base64').toString('utf8'));
  return readOptional(text(entry[field]), folder);
}

async function readOptional(path: string | undefined, folder: string): Promise<string | undefined> {
  return path === undefined ? undefined : readFile(resolve(folder, path), 'utf8');
}
