/** What the names of resources say, as Kubernetes reads them. */
import { isQualifiedName } from '../names.ts';

/** In Kubernetes' own namespace; a name without a prefix is. */
export function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** 'example.com/gpu': counted in whole units, and not overcommitted. */
export function isExtended(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;
}

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}
