/** What an agent says of a work: pure. */
import { setCondition, type Condition } from '../../kube/conditions.ts';
import type { KubeObject, Unstructured } from '../../kube/types.ts';
import { interpreterOf } from '../interpreters/index.ts';
import { APPLIED, DISPATCHING, type ManifestStatus, type Work } from '../kinds/work.ts';
import { groupVersion } from '../templates.ts';

/** What came of one manifest. */
export interface Outcome {
  manifest: KubeObject;
  /** The plural of its kind. */
  plural?: string;
  /** The object in the member, as far as it is there. */
  object?: Unstructured;
  error?: string;
}

function applied(outcomes: readonly Outcome[]): Condition {
  const errors = outcomes.flatMap(({ error }) => error ?? []);
  if (errors.length === 0) return { type: APPLIED, status: 'True', reason: 'AppliedSuccessful', message: 'Manifest has been successfully applied' };
  const message = `Failed to apply all manifests (${outcomes.length - errors.length}/${outcomes.length}): ${errors.join(', ')}`;
  return { type: APPLIED, status: 'False', reason: 'AppliedFailed', message };
}

function dispatching({ spec }: Work): Condition {
  return spec.suspendDispatching === true
    ? { type: DISPATCHING, status: 'False', reason: 'SuspendDispatching', message: 'Work dispatching is in a suspended state.' }
    : { type: DISPATCHING, status: 'True', reason: 'Dispatching', message: 'Work is being dispatched to member clusters.' };
}

function manifestStatus({ manifest, plural = '', object }: Outcome, ordinal: number): ManifestStatus | undefined {
  if (object === undefined) return undefined;
  const { namespace, name = '' } = manifest.metadata;
  const interpreter = interpreterOf(manifest);
  const status = interpreter.reflectStatus === undefined ? object.status : interpreter.reflectStatus(object);
  const health = interpreter.health?.(object);
  return {
    identifier: {
      ordinal,
      ...groupVersion(manifest.apiVersion),
      kind: manifest.kind,
      resource: plural,
      ...(namespace === undefined ? {} : { namespace }),
      name,
    },
    ...(status === undefined || status === null ? {} : { status }),
    ...(health === undefined ? {} : { health }),
  };
}

/** `now` is RFC 3339. While dispatching is suspended what was applied before stays said. */
export function workStatus(work: Work, outcomes: readonly Outcome[], now: string): NonNullable<Work['status']> {
  const conditions = setCondition(work.status?.conditions, dispatching(work), now);
  const manifestStatuses = outcomes.flatMap((outcome, i) => manifestStatus(outcome, i) ?? []);
  return {
    conditions: work.spec.suspendDispatching === true ? conditions : setCondition(conditions, applied(outcomes), now),
    ...(manifestStatuses.length === 0 ? {} : { manifestStatuses }),
  };
}
