/** The table of built-in resources: every kind that discovery shows, and all that the generic registry needs to know of it. */
import type { ResourceDefinition } from '../engine.ts';
import { coreResources } from './core.ts';
import { groupResources } from './groups.ts';

export const builtinResources: readonly ResourceDefinition[] = [...coreResources, ...groupResources];
