/** How a scaler that speaks HTTP shows who it is: the trigger's authModes, with secrets from its authentication. */
import type { ConnectionOptions } from 'node:tls';
import type { Settings, Source } from './settings.ts';

export interface HttpAuth {
  headers: Record<string, string>;
  /** To add to the URL. */
  query: Record<string, string>;
  tls: ConnectionOptions;
}

const MODES = ['apiKey', 'basic', 'tls', 'bearer', 'custom'] as const;
const AUTH: { from: readonly Source[] } = { from: ['auth'] };
const EITHER: { from: readonly Source[] } = { from: ['metadata', 'auth'] };

/** Throws an Error that names what is missing; secrets are never part of it. */
export function httpAuth(settings: Settings): HttpAuth {
  const given = [...settings.list('authModes', EITHER), ...settings.list('authMode', EITHER)];
  const modes = new Set(given);
  for (const mode of modes)
    if (!(MODES as readonly string[]).includes(mode))
      throw new Error(`unable to set param "authModes" value ${JSON.stringify(mode)}: it must be one of ${MODES.join(', ')}`);
  if (modes.has('basic') && modes.has('bearer')) throw new Error('authModes: basic and bearer exclude each other');
  const ca = settings.optional('ca', AUTH);
  const auth: HttpAuth = {
    headers: {},
    query: {},
    tls: { ...(ca === undefined ? {} : { ca }), ...(settings.boolean('unsafeSsl', false) ? { rejectUnauthorized: false } : {}) },
  };
  if (modes.has('basic')) {
    const credentials = `${settings.text('username', AUTH)}:${settings.optional('password', AUTH) ?? ''}`;
    auth.headers['Authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  if (modes.has('bearer')) {
    const token = settings.optional('bearerToken', AUTH) ?? settings.optional('token', AUTH);
    if (token === undefined) throw new Error('bearer token is required when bearer auth is enabled');
    auth.headers['Authorization'] = `Bearer ${token}`;
  }
  if (modes.has('custom')) auth.headers[settings.text('customAuthHeader', AUTH)] = settings.text('customAuthValue', AUTH);
  if (modes.has('apiKey')) {
    const key = settings.text('apiKey', EITHER);
    const isQuery = settings.choice('method', ['header', 'query'], 'header', EITHER) === 'query';
    const name = settings.optional('keyParamName', EITHER);
    if (isQuery) auth.query[name ?? 'api_key'] = key;
    else auth.headers[name ?? 'X-API-KEY'] = key;
  }
  if (modes.has('tls')) Object.assign(auth.tls, { cert: settings.text('cert', AUTH), key: settings.text('key', AUTH) });
  return auth;
}
