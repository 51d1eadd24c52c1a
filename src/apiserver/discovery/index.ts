/** Serves discovery (`/api`, `/apis` and below) and OpenAPI, each document built when first asked for and kept until a definition changes. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { StatusError } from '../../kube/status.ts';
import type { ApiEngine, ResourceDefinition } from '../engine.ts';
import type { Aggregator } from '../aggregation/aggregator.ts';
import { parseAccept } from '../http/accept.ts';
import type { Exchange } from '../http/exchange.ts';
import { send, sendJson } from '../http/respond.ts';
import { aggregated, apiGroup, apiGroupList, apiResourceList, apiVersions, groupDefinitions } from './documents.ts';

const gzipped = promisify(gzip);

interface Document {
  bytes: Buffer;
  etag: string;
  packed?: Buffer;
}

export class Discovery {
  readonly #engine: ApiEngine;
  readonly #serverAddress: string;
  readonly #aggregator: Aggregator;
  #documents = new Map<string, Document>();
  #hashes: Map<string, string> | undefined;

  /** `serverAddress`: 'host:port' */
  constructor(engine: ApiEngine, serverAddress: string, aggregator: Aggregator) {
    this.#engine = engine;
    this.#serverAddress = serverAddress;
    this.#aggregator = aggregator;
    const forget = (): void => {
      this.#documents = new Map();
      this.#hashes = undefined;
    };
    engine.onDefinitionsChanged(forget);
    aggregator.onChanged(forget);
  }

  /** False when the path is none of discovery's. */
  async serve(exchange: Exchange): Promise<boolean> {
    const [, root, first, second, ...rest] = exchange.path.replace(/\/$/, '').split('/');
    if (root === 'openapi' && first === 'v2' && second === undefined) return this.#openApiV2(exchange);
    if (root === 'openapi') return first === 'v3' && this.#openApi(exchange, [second, ...rest].filter((part) => part !== undefined).join('/'));
    if ((root !== 'api' && root !== 'apis') || rest.length > 0) return false;
    if (first === undefined) return this.#root(exchange, root === 'api');
    const group = root === 'api' ? '' : first;
    const version = root === 'api' ? first : second;
    if (root === 'api' && second !== undefined) return false;
    return version === undefined ? this.#group(exchange, group) : this.#resources(exchange, group, version);
  }

  async #root(exchange: Exchange, core: boolean): Promise<boolean> {
    const version = aggregatedVersion(exchange.request.headers.accept);
    const remote = this.#aggregator.discovered();
    const groups = () => groupDefinitions(this.#engine.definitions());
    const name = `${core ? 'api' : 'apis'}/${version ?? 'legacy'}`;
    const type = version === undefined ? 'application/json' : `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    const document = this.#document(name, () =>
      version !== undefined ? aggregated(groups(), core, version, remote) : core ? apiVersions(this.#serverAddress) : apiGroupList(groups(), remote),
    );
    await sendDocument(exchange, document, type, { Vary: 'Accept' });
    return true;
  }

  async #group(exchange: Exchange, name: string): Promise<boolean> {
    const group = groupDefinitions(this.#engine.definitions()).find((found) => found.group === name);
    const remote = this.#aggregator.discovered().filter((found) => found.group === name);
    if (group === undefined && remote.length === 0) return false;
    await sendDocument(
      exchange,
      this.#document(`apis/${name}`, () => apiGroup(group ?? { group: name, versions: [] }, remote)),
      'application/json',
    );
    return true;
  }

  async #resources(exchange: Exchange, group: string, version: string): Promise<boolean> {
    const definitions = this.#of(group, version);
    if (definitions.length === 0) return false;
    await sendDocument(
      exchange,
      this.#document(`resources/${group}/${version}`, () => apiResourceList(group, version, definitions)),
      'application/json',
    );
    return true;
  }

  #of(group: string, version: string): ResourceDefinition[] {
    return this.#engine.definitions().filter((definition) => definition.group === group && definition.version === version);
  }

  async #openApi(exchange: Exchange, path: string): Promise<boolean> {
    const hashes = (this.#hashes ??= this.#openApiHashes());
    if (path === '') {
      const paths = Object.fromEntries([...hashes].map(([name, hash]) => [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` }]));
      await sendDocument(
        exchange,
        this.#document('openapi', () => ({ paths })),
        'application/json',
        { Vary: 'Accept-Encoding, Accept' },
      );
      return true;
    }
    const hash = hashes.get(path);
    if (hash === undefined) return false;
    const asked = exchange.query.get('hash');
    if (asked !== null && asked !== hash) {
      exchange.response.writeHead(301, { Location: `/openapi/v3/${path}?hash=${hash}`, 'Content-Length': 0 });
      exchange.response.end();
      return true;
    }
    const build = await this.#openApiBuilder();
    const document = this.#document(`openapi/${path}`, () => build(path));
    await sendDocument(exchange, document, 'application/json', asked === null ? {} : { 'Cache-Control': 'public, immutable', Expires: inAYear() });
    return true;
  }

  /** All types in one document, as protobuf for those who take it. */
  async #openApiV2(exchange: Exchange): Promise<boolean> {
    const { encodeOpenApiV2, OPENAPI_V2_PROTOBUF } = await import('../../kube/protobuf/openapi-v2.ts');
    const { openApiV2 } = await import('../../kube/schema/openapi-v2.ts');
    const build = await this.#openApiBuilder();
    const accept = exchange.request.headers.accept ?? '';
    const type = OPENAPI_V2_TYPES.find((each) => accept.includes(each));
    const name = `openapi/v2/${type === undefined ? 'json' : 'protobuf'}`;
    // Definitions may change between the turns that it takes: then this map is no longer looked into.
    const documents = this.#documents;
    let document = documents.get(name);
    if (document === undefined) {
      const parts: Record<string, unknown>[] = [];
      for (const path of (this.#hashes ??= this.#openApiHashes()).keys()) {
        parts.push(build(path));
        await nextTurn();
      }
      const whole = openApiV2(parts);
      await nextTurn();
      document = documentOf(type === undefined ? Buffer.from(JSON.stringify(whole)) : encodeOpenApiV2(whole));
      documents.set(name, document);
    }
    await sendDocument(exchange, document, type === undefined ? 'application/json' : OPENAPI_V2_PROTOBUF, { Vary: 'Accept-Encoding, Accept' });
    return true;
  }

  /** Makes the document of a path ('api/v1', 'apis/apps/v1'). */
  async #openApiBuilder(): Promise<(path: string) => Record<string, unknown>> {
    const { openApiV3 } = await import('../../kube/schema/openapi.ts');
    return (path) => {
      const [root, group = '', version = ''] = path.split('/');
      const gv = root === 'api' ? { group: '', version: group } : { group, version };
      return openApiV3(
        gv,
        this.#of(gv.group, gv.version).map((definition) => ({
          plural: definition.plural,
          kind: definition.kind,
          listKind: definition.listKind,
          namespaced: definition.namespaced,
          verbs: definition.verbs,
          subresources: definition.subresources.map(({ name }) => name),
          ...(definition.custom ? { schema: definition.custom.openApiSchema, selectableFields: Object.keys(definition.selectableFields) } : {}),
        })),
      );
    };
  }

  /** Documents take long to build, so the hash is of what they are built from: the definitions, and the server's version for built-in schemas. */
  #openApiHashes(): Map<string, string> {
    const hashes = new Map<string, string>();
    for (const { group, versions } of groupDefinitions(this.#engine.definitions())) {
      for (const { version, definitions } of versions) {
        const source = definitions.map(({ plural, kind, listKind, verbs, namespaced, subresources, selectableFields, custom }) => ({
          plural,
          kind,
          listKind,
          verbs,
          namespaced,
          subresources,
          selectable: Object.keys(selectableFields),
          schema: custom?.openApiSchema,
        }));
        const hash = createHash('sha512').update(SCHEMA_EPOCH).update(JSON.stringify(source)).digest('hex').toUpperCase();
        hashes.set(group === '' ? `api/${version}` : `apis/${group}/${version}`, hash);
      }
    }
    return hashes;
  }

  #document(name: string, build: () => object): Document {
    let document = this.#documents.get(name);
    if (document === undefined) {
      document = documentOf(Buffer.from(JSON.stringify(build())));
      this.#documents.set(name, document);
    }
    return document;
  }
}

function documentOf(bytes: Buffer): Document {
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 40).toUpperCase()}"` };
}

/** The same form under its names of several years. */
const OPENAPI_V2_TYPES = ['spec.v2@v1.0+protobuf', 'spec.v2.v1.0+protobuf'].map((name) => `application/com.github.proto-openapi.${name}`);

/** To be raised when built-in schemas change without a change of definitions: clients keep documents for ever. */
const SCHEMA_EPOCH = 'v1.37.2/2';
const ZIP_FROM_BYTES = 16 * 1024;
const YEAR_MS = 365 * 86_400_000;

function inAYear(): string {
  return new Date(Date.now() + YEAR_MS).toUTCString();
}

/** The first version of the aggregated form that the client takes before plain JSON. */
function aggregatedVersion(accept: string | undefined): 'v2' | 'v2beta1' | undefined {
  for (const { type, params } of parseAccept(accept ?? '')) {
    if (type !== 'application/json') continue;
    if (params['as'] === undefined) return undefined;
    if (params['as'] !== 'APIGroupDiscoveryList' || params['g'] !== 'apidiscovery.k8s.io') continue;
    if (params['v'] === 'v2' || params['v'] === 'v2beta1') return params['v'];
  }
  return undefined;
}

async function sendDocument({ request, response }: Exchange, document: Document, contentType: string, headers: Record<string, string> = {}): Promise<void> {
  const tagged = { ETag: document.etag, ...headers };
  if (request.headers['if-none-match']?.includes(document.etag)) {
    response.writeHead(304, tagged);
    response.end();
    return;
  }
  if (document.bytes.length > ZIP_FROM_BYTES && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
    document.packed ??= await gzipped(document.bytes, { level: 1 });
    return send(response, 200, contentType, document.packed, { ...tagged, 'Content-Encoding': 'gzip' });
  }
  send(response, 200, contentType, document.bytes, tagged);
}

/** `/.well-known/openid-configuration`, for those who check service-account tokens themselves. */
export function sendOpenIdConfiguration({ response }: Exchange, issuer: string): void {
  sendJson(response, 200, {
    issuer,
    jwks_uri: `${issuer}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  });
}

const KEY_SET_TYPE = 'application/jwk-set+json';

/** The keys that tokens are verified with; in their own type alone, as upstream. */
export function sendKeySet({ request, response }: Exchange, keys: object): void {
  const { accept = '*/*' } = request.headers;
  if (!['*/*', 'application/*', KEY_SET_TYPE].some((type) => accept.includes(type)))
    throw new StatusError(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${KEY_SET_TYPE}`, {});
  send(response, 200, KEY_SET_TYPE, JSON.stringify(keys));
}
