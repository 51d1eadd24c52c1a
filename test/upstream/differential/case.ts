/** One thing asked of both servers: steps in order, in a namespace of the case's own. */
import type { Call } from '../peer.ts';

export interface Case {
  name: string;
  steps: readonly Call[];
}

export const JSON_PATCH = { 'content-type': 'application/json-patch+json' };
export const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
export const STRATEGIC_PATCH = { 'content-type': 'application/strategic-merge-patch+json' };
export const APPLY_PATCH = { 'content-type': 'application/apply-patch+yaml' };
export const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
export const METADATA = { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' };
export const METADATA_LIST = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' };

/** Stands for the case's namespace in paths and bodies. */
export const NAMESPACE = 'NAMESPACE';
