/** What an autoscaler scales: anything with a scale subresource. */
import type { Resource } from '../../kube/resources.ts';
import { parseLabelSelector } from '../../kube/selectors.ts';
import { isConflict, StatusError } from '../../kube/status.ts';
import type { ObjectKey } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Scale } from './types.ts';

/** The resources of a kind, whichever version is preferred first; more than one where two share a kind. */
export type KindMapper = (group: string, kind: string) => readonly Resource[];

/** Throws an Error in upstream's words when the API serves no such kind. */
export function resourcesOf(kinds: KindMapper, apiVersion: string | undefined, kind: string): readonly Resource[] {
  const parts = (apiVersion ?? '').split('/');
  if (parts.length > 2) throw new Error(`unexpected GroupVersion string: ${apiVersion}`);
  const group = parts.length === 2 ? (parts[0] ?? '') : '';
  const found = kinds(group, kind);
  if (found.length === 0) throw new Error(`no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}`);
  return found;
}

export interface Target {
  resource: Resource<Scale>;
  key: ObjectKey;
  scale: Scale;
}

/** The first of the resources that has the object; rejects with what the first one said. */
export async function findTarget(client: Client, resources: readonly Resource[], key: ObjectKey): Promise<Target> {
  let first: unknown;
  for (const { object: _typed, ...resource } of resources) {
    try {
      const scale = await client.get<Scale>(resource, key, { subresource: 'scale' });
      checkSelector(scale.status?.selector ?? '');
      return { resource, key, scale };
    } catch (error) {
      first ??= isUnserved(error) ? new StatusError(404, 'NotFound', 'the server could not find the requested resource') : error;
    }
  }
  throw first;
}

/** Upstream's client reads it with the rest, and fails so. */
function checkSelector(selector: string): void {
  try {
    parseLabelSelector(selector);
  } catch (error) {
    const why = `couldn't parse the selector string ${JSON.stringify(selector)}: ${(error as Error).message}`;
    throw new Error(`received an object from a /scale endpoint which was not convertible to autoscaling Scale: failed to parse target selector: ${why}`, {
      cause: error,
    });
  }
}

/** Not the object is missing, but the subresource. */
function isUnserved(error: unknown): boolean {
  return error instanceof StatusError && error.code === 404 && !error.status.details?.name;
}

/** As client-go's DefaultRetry. */
const TRIES_MAX = 5;
const RETRY_MS = 10;

/** Rejects with the API's refusal; a change in between is no reason not to scale. */
export async function rescale({ client, clock }: { client: Client; clock: Clock }, { resource, key, scale }: Target, replicas: number): Promise<void> {
  let latest = scale;
  for (let tries = 1; ; tries++) {
    try {
      await client.update(resource, { ...latest, spec: { ...latest.spec, replicas } }, { subresource: 'scale' });
      return;
    } catch (error) {
      if (!isConflict(error) || tries >= TRIES_MAX) throw error;
      await clock.sleep(RETRY_MS);
      latest = await client.get<Scale>(resource, key, { subresource: 'scale' });
    }
  }
}
