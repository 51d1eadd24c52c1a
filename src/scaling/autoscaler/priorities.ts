/** The priority expander's ConfigMap: `priorities` is YAML, a list of regular expressions of pool names under each priority. */
import { parse } from 'yaml';
import { configMaps } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { Client } from '../../runtime/client.ts';
import type { Priorities } from './expander.ts';

const KEY = { namespace: 'kube-system', name: 'cluster-autoscaler-priority-expander' };

/** Throws an Error that says what is wrong with the text. */
export function parsePriorities(text: string): Priorities {
  const groups: unknown = parse(text);
  if (typeof groups !== 'object' || groups === null || Array.isArray(groups))
    throw new Error('priorities must be a map from a number to a list of regular expressions');
  return Object.entries(groups).map(([key, patterns]) => {
    const priority = Number(key);
    if (!Number.isInteger(priority)) throw new Error(`priorities: '${key}' is no whole number`);
    if (!Array.isArray(patterns)) throw new Error(`priorities: ${key} must hold a list of regular expressions`);
    return { priority, patterns: patterns.map((pattern) => new RegExp(String(pattern))) };
  });
}

/** Undefined while there is no such ConfigMap. */
export async function readPriorities(client: Client): Promise<Priorities | undefined> {
  try {
    return parsePriorities((await client.get(configMaps, KEY)).data?.priorities ?? '');
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
