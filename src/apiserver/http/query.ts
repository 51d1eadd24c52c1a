/** Query parameters into requests to the engine. Bad values are answered with 400 or 422 and the parameter's name. */
import { badRequest, invalid, type FieldError } from '../../kube/status.ts';
import type { PatchType } from '../../runtime/client.ts';
import type { DeleteRequest, ListRequest, RequestContext, WatchRequest } from '../engine.ts';

export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

export function listRequest(query: URLSearchParams, namespace: string | undefined, name?: string): ListRequest {
  return definedOnly({
    namespace,
    ...selectors(query, name),
    limit: integer(query, 'limit'),
    continue: query.get('continue') ?? undefined,
    resourceVersion: query.get('resourceVersion') ?? undefined,
    // The engine refuses other texts with upstream's words.
    resourceVersionMatch: (query.get('resourceVersionMatch') || undefined) as ListRequest['resourceVersionMatch'],
  });
}

export function watchRequest(query: URLSearchParams, namespace: string | undefined, name?: string): WatchRequest {
  return definedOnly({
    namespace,
    ...selectors(query, name),
    resourceVersion: query.get('resourceVersion') ?? undefined,
    resourceVersionMatch: (query.get('resourceVersionMatch') || undefined) as WatchRequest['resourceVersionMatch'],
    sendInitialEvents: query.has('sendInitialEvents') ? isTrue(query, 'sendInitialEvents') : undefined,
    allowWatchBookmarks: isTrue(query, 'allowWatchBookmarks'),
  });
}

/** A watch of one object is a watch of the collection for its name. */
function selectors(query: URLSearchParams, name: string | undefined): { labelSelector: string | undefined; fieldSelector: string | undefined } {
  const fields = query.get('fieldSelector') || undefined;
  const byName = name === undefined ? undefined : `metadata.name=${name}`;
  return { labelSelector: query.get('labelSelector') || undefined, fieldSelector: [fields, byName].filter(Boolean).join(',') || undefined };
}

const FIELD_VALIDATION = ['Strict', 'Warn', 'Ignore'] as const;

/** The options that all writes share, into the request's context. */
export function readWriteOptions(query: URLSearchParams, ctx: RequestContext, kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'): void {
  ctx.dryRun = dryRun(query.getAll('dryRun'), kind);
  const manager = query.get('fieldManager');
  if (manager) ctx.fieldManager = checkedManager(manager, kind);
  const validation = query.get('fieldValidation');
  const known = FIELD_VALIDATION.find((value) => value === validation);
  if (validation && known === undefined) {
    throw invalidOption(kind, 'fieldValidation', `Unsupported value: ${JSON.stringify(validation)}: supported values: "", "Ignore", "Strict", "Warn"`);
  }
  ctx.fieldValidation = known ?? 'Warn';
}

/** An apply says who applies; `force` is an apply's alone. */
export function checkPatchOptions(query: URLSearchParams, type: PatchType): void {
  if (type === 'apply') {
    if (!query.get('fieldManager')) throw invalidOption('PatchOptions', 'fieldManager', 'Required value: is required for apply patch');
  } else if (query.has('force')) {
    throw invalidOption('PatchOptions', 'force', 'Forbidden: may not be specified for non-apply patch');
  }
}

const MANAGER_MAX = 128;

function checkedManager(manager: string, kind: string): string {
  if (manager.length > MANAGER_MAX) throw invalidOption(kind, 'fieldManager', `Too long: may not be more than ${MANAGER_MAX} bytes`);
  const bad = [...manager].findIndex((character) => !/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character));
  if (bad >= 0) throw invalidOption(kind, 'fieldManager', `Invalid value: ${JSON.stringify(manager)}: should only contain printable characters`);
  return manager;
}

function dryRun(values: readonly string[], kind: string): boolean {
  if (values.some((value) => value !== 'All')) throw invalidOption(kind, 'dryRun', `Unsupported value: ${JSON.stringify(values)}: supported values: "All"`);
  return values.length > 0;
}

const PROPAGATION = ['Background', 'Foreground', 'Orphan'] as const;

/** DeleteOptions from the query and from the body, which wins. */
export function deleteRequest(query: URLSearchParams, body: Record<string, unknown> | undefined, ctx: RequestContext): DeleteRequest {
  if (body !== undefined && body['kind'] !== undefined && body['kind'] !== 'DeleteOptions') {
    throw badRequest(`the body of a delete must be DeleteOptions, not ${JSON.stringify(body['kind'])}`);
  }
  const grace = body?.['gracePeriodSeconds'] ?? integer(query, 'gracePeriodSeconds');
  const policyText = body?.['propagationPolicy'] ?? (query.get('propagationPolicy') || undefined);
  const policy = PROPAGATION.find((value) => value === policyText);
  if (policyText !== undefined && policy === undefined) {
    throw invalidOption(
      'DeleteOptions',
      'propagationPolicy',
      `Unsupported value: ${JSON.stringify(policyText)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
    );
  }
  if (grace !== undefined && !Number.isInteger(grace)) throw badRequest('gracePeriodSeconds: must be a whole number');
  const orphan = body?.['orphanDependents'] ?? (query.has('orphanDependents') ? isTrue(query, 'orphanDependents') : undefined);
  const runs = [...query.getAll('dryRun'), ...(Array.isArray(body?.['dryRun']) ? body['dryRun'].map(String) : [])];
  ctx.dryRun = dryRun(runs, 'DeleteOptions');
  return definedOnly({
    gracePeriodSeconds: grace as number | undefined,
    propagationPolicy: policy,
    orphanDependents: typeof orphan === 'boolean' ? orphan : undefined,
    preconditions: (body?.['preconditions'] ?? undefined) as DeleteRequest['preconditions'],
  });
}

/** Throws StatusError 400 for what is not a whole number. */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return value;
}

const REASONS: readonly [start: string, reason: FieldError['reason']][] = [
  ['Unsupported', 'FieldValueNotSupported'],
  ['Too long', 'FieldValueTooLong'],
  ['Required', 'FieldValueRequired'],
  ['Forbidden', 'FieldValueForbidden'],
];

function invalidOption(kind: string, field: string, message: string): Error {
  const reason = REASONS.find(([start]) => message.startsWith(start))?.[1] ?? 'FieldValueInvalid';
  return invalid({ group: 'meta.k8s.io', kind, name: '' }, [{ reason, field, message }]);
}

/** Absent members instead of undefined ones, as exact interfaces want them. */
type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function definedOnly<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>;
}
