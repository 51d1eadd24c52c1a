/** The band around the target in which nothing is done. */
import { approximate } from '../../kube/quantity.ts';
import type { Behavior } from './types.ts';

export interface Tolerances {
  up: number;
  down: number;
}

export function tolerancesOf(behavior: Behavior | undefined, byDefault: number): Tolerances {
  const { tolerance: up = byDefault } = behavior?.scaleUp ?? {};
  const { tolerance: down = byDefault } = behavior?.scaleDown ?? {};
  return { up: approximate(up), down: approximate(down) };
}

/** Both ends belong to the band. */
export function isWithin({ up, down }: Tolerances, ratio: number): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}
