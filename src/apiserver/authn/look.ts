/** What authentication reads of the cluster. */
import { StatusError } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { ApiEngine, RequestContext } from '../engine.ts';
import type { TokenSigner } from './tokens.ts';

export interface TokenWorld {
  engine: ApiEngine;
  clock: Clock;
  random: Random;
  signer: TokenSigner;
}

/** The server looks on its own behalf, whoever asks. */
export const LOOKING: RequestContext = { user: { name: 'system:apiserver', groups: ['system:masters'] }, warnings: [] };

/** An object of the core group; undefined when it is not there. */
export async function look(engine: ApiEngine, plural: string, key: ObjectKey): Promise<KubeObject | undefined> {
  const definition = engine.definition('', 'v1', plural);
  if (definition === undefined) return undefined;
  try {
    return (await engine.get(definition, LOOKING, key)).object;
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}

/** The groups that every account of a namespace is in. */
export function accountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}
