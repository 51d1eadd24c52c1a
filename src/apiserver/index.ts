/**
 * The embedded Kubernetes API. May import kube and runtime.
 *
 * Words:
 * - **definition** (`engine.ts`): one resource in one group and version, from the built-in table (`resources/`) or a CRD (`crd/`).
 * - **engine** (`engine.ts`): the API without HTTP, implemented by `registry/` (what writes mean) over `store/` (where objects are).
 * - **stored object**: one object at one revision, encoded once, shared by all readers.
 * - **accepted / committed** (`store/store.ts`): a write in line for the disk / a write that readers see.
 *
 * Start with `engine.ts`, then `registry/create.ts` for what a write goes through.
 */
export { inProcessClient } from './client.ts';
export { createEngine, type ClosableEngine } from './create-engine.ts';
export type { Review, Reviewers, ReviewRequest } from './webhooks/review.ts';
export type { ApiEngine, ResourceDefinition, UserInfo } from './engine.ts';
