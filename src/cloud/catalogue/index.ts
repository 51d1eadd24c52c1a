/**
 * Price lists. LKE: Linode's published plans (API recording of 2024-07). EKS, GKE and AKS: on-demand list prices of the first US regions
 * (us-east-1, us-central1, eastus), rounded, as of 2025: close enough to compare by, not to bill by.
 */
import type { InstanceType } from '../provider.ts';
import { AKS, EKS, GKE } from './hyperscalers.ts';
import { LKE } from './lke.ts';

export const CATALOGUE: readonly InstanceType[] = [...LKE, ...EKS, ...GKE, ...AKS];

/** By name; names are unique across providers. Undefined when there is none. */
export function instanceType(name: string): InstanceType | undefined {
  return CATALOGUE.find((type) => type.name === name);
}

/** Names like the one that was not found, for error texts. */
export function similarTypes(name: string, limit = 5): string[] {
  const family = name.split(/[-.]/)[0] ?? '';
  const alike = CATALOGUE.filter((type) => type.name.startsWith(family));
  return (alike.length > 0 ? alike : CATALOGUE).slice(0, limit).map((type) => type.name);
}
