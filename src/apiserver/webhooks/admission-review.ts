/** The AdmissionReview a webhook is sent, and what may be believed of its answer (admission.k8s.io/v1 and v1beta1). */
import { badRequest, StatusError, type Status } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { ResourceDefinition } from '../engine.ts';
import { kindOfReview, type ReviewRequest } from './review.ts';

const KNOWN_VERSIONS = ['v1', 'v1beta1'];
const OPTIONS: Record<ReviewRequest['operation'], string> = {
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
  DELETE: 'DeleteOptions',
  CONNECT: '',
};

/** The first version of the webhook's that this server speaks. Throws an Error when there is none. */
export function reviewVersion(versions: readonly string[] | undefined): string {
  const version = versions?.find((candidate) => KNOWN_VERSIONS.includes(candidate));
  if (version === undefined) throw new Error('could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)');
  return version;
}

/** `shown` is the definition the webhook's rules matched; objects are in its version already. */
export function admissionReview(
  version: string,
  uid: string,
  request: ReviewRequest,
  shown: ResourceDefinition,
  objects: { object?: KubeObject; old?: KubeObject },
): object {
  const { definition, ctx, key, operation, subresource } = request;
  const kind = request.kind ?? { group: shown.group, version: shown.version, kind: shown.kind };
  const { name, groups, uid: userId, extra } = ctx.user;
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid,
      kind,
      resource: { group: shown.group, version: shown.version, resource: shown.plural },
      ...(subresource === undefined ? {} : { subResource: subresource }),
      requestKind: kindOfReview(request),
      requestResource: { group: definition.group, version: definition.version, resource: definition.plural },
      ...(subresource === undefined ? {} : { requestSubResource: subresource }),
      ...(key.name === '' ? {} : { name: key.name }),
      ...(key.namespace === undefined ? {} : { namespace: key.namespace }),
      operation,
      userInfo: { username: name, ...(userId === undefined ? {} : { uid: userId }), groups, ...(extra === undefined ? {} : { extra }) },
      object: objects.object ?? null,
      oldObject: objects.old ?? null,
      dryRun: ctx.dryRun === true,
      options: optionsOf(request),
    },
  };
}

function optionsOf({ operation, ctx }: ReviewRequest): object | null {
  const kind = OPTIONS[operation];
  if (kind === '') return null;
  return {
    kind,
    apiVersion: 'meta.k8s.io/v1',
    ...(ctx.dryRun ? { dryRun: ['All'] } : {}),
    ...(ctx.fieldManager === undefined || operation === 'DELETE' ? {} : { fieldManager: ctx.fieldManager }),
    ...(ctx.fieldValidation === undefined || operation === 'DELETE' ? {} : { fieldValidation: ctx.fieldValidation }),
  };
}

export interface Verdict {
  allowed: boolean;
  patch: unknown[];
  result: Partial<Status>;
  warnings: string[];
  /** For whoever audits. */
  annotations: [key: string, value: string][];
}

interface Answer {
  apiVersion?: unknown;
  kind?: unknown;
  response?: {
    uid?: string;
    allowed?: boolean;
    patch?: string;
    patchType?: string;
    status?: Partial<Status>;
    warnings?: string[];
    auditAnnotations?: Record<string, unknown>;
  };
}

/** Throws an Error in upstream's words for an answer that is not one. */
export function readVerdict(answer: unknown, version: string, uid: string, mutating: boolean): Verdict {
  const { apiVersion, kind, response } = (typeof answer === 'object' && answer !== null ? answer : {}) as Answer;
  const wanted = `admission.k8s.io/${version}`;
  if (apiVersion !== wanted || kind !== 'AdmissionReview') {
    throw new Error(
      `received invalid webhook response: expected webhook response of ${wanted}, Kind=AdmissionReview, got ${String(apiVersion ?? '')}, Kind=${String(kind ?? '')}`,
    );
  }
  if (typeof response !== 'object' || response === null) throw new Error('received invalid webhook response: webhook response was absent');
  if (version === 'v1') checkStrictly(response, uid, mutating);
  return {
    allowed: response.allowed === true,
    patch: mutating && response.patch ? decodePatch(response.patch, response.patchType) : [],
    result: response.status ?? {},
    warnings: Array.isArray(response.warnings) ? response.warnings.map(String) : [],
    annotations: Object.entries(response.auditAnnotations ?? {}).map(([key, value]): [string, string] => [key, String(value)]),
  };
}

function checkStrictly({ uid: answered, patch, patchType }: NonNullable<Answer['response']>, uid: string, mutating: boolean): void {
  const refuse = (why: string): never => {
    throw new Error(`received invalid webhook response: ${why}`);
  };
  if (answered !== uid) refuse(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(answered ?? '')}`);
  if (mutating) {
    if (patch && patchType === undefined) refuse('webhook returned response.patch but not response.patchType');
    if (!patch && patchType !== undefined) refuse('webhook returned response.patchType but not response.patch');
  } else {
    if (patch) refuse('validating webhook may not return response.patch');
    if (patchType !== undefined) refuse('validating webhook may not return response.patchType');
  }
}

function decodePatch(patch: string, patchType: string | undefined): unknown[] {
  if (patchType !== undefined && patchType !== 'JSONPatch') throw new Error(`unsupported patch type ${JSON.stringify(patchType)}`);
  try {
    const decoded = JSON.parse(Buffer.from(patch, 'base64').toString()) as unknown;
    return Array.isArray(decoded) ? decoded : [];
  } catch (error) {
    throw new Error(`received undecodable patch in webhook response: ${(error as Error).message}`, { cause: error });
  }
}

/** What the client is told of a webhook that said no. */
export function rejection(webhook: string, result: Partial<Status>): StatusError {
  const denied = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const message = result.message ? `${denied}: ${result.message}` : result.reason ? `${denied}: ${result.reason}` : `${denied} without explanation`;
  const code = (result.code ?? 0) < 400 ? 400 : result.code!;
  return new StatusError(code, result.reason ?? '', message, result.details);
}

export function dryRunUnsupported(webhook: string): StatusError {
  return badRequest(`admission webhook ${JSON.stringify(webhook)} does not support dry run`);
}
