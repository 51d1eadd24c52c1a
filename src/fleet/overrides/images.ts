/** Parts of image names: registry, repository, and tag or digest. */
import type { Json } from '../../kube/patch/json-value.ts';
import { applyJsonPatch } from '../../kube/patch/json.ts';
import type { Unstructured } from '../../kube/types.ts';
import type { ImageOverrider } from '../kinds/policy.ts';
import { podSpecPath, pointTo } from './paths.ts';

export interface ImageParts {
  /** 'registry.example:5000'; '' for the default. */
  registry: string;
  repository: string;
  /** With what stands before it: ':1.2' or '@sha256:…'. */
  suffix: string;
}

/** The first part is a registry when it has a dot or a port, or is localhost, as the reference grammar has it. */
export function splitImage(image: string): ImageParts {
  const slash = image.indexOf('/');
  const head = slash < 0 ? '' : image.slice(0, slash);
  const isRegistry = head.includes('.') || head.includes(':') || head === 'localhost';
  const rest = isRegistry ? image.slice(slash + 1) : image;
  const at = rest.indexOf('@');
  const colon = rest.indexOf(':');
  const end = at >= 0 ? at : colon >= 0 ? colon : rest.length;
  return { registry: isRegistry ? head : '', repository: rest.slice(0, end), suffix: rest.slice(end) };
}

function joinImage({ registry, repository, suffix }: ImageParts): string {
  return `${registry === '' ? '' : `${registry}/`}${repository}${suffix}`;
}

/** `add` appends to what is there; a tag that is added follows what is there too, as in Karmada. */
export function overrideImage(image: string, { component, operator, value = '' }: ImageOverrider): string {
  const parts = splitImage(image);
  const changed = (old: string): string => (operator === 'add' ? old + value : operator === 'replace' ? value : '');
  switch (component) {
    case 'Registry':
      return joinImage({ ...parts, registry: changed(parts.registry) });
    case 'Repository':
      return joinImage({ ...parts, repository: changed(parts.repository) });
    case 'Tag': {
      const bare = changed(parts.suffix.slice(1));
      return joinImage({ ...parts, suffix: bare === '' ? '' : `${bare.includes(':') ? '@' : ':'}${bare}` });
    }
  }
}

/** At the path that the overrider names, or in all containers of the object's pods. */
export function overrideImages(object: Unstructured, overrider: ImageOverrider): Unstructured {
  const path = podSpecPath(object);
  const paths = overrider.predicate === undefined ? (path === undefined ? [] : imagePaths(object, path)) : [overrider.predicate.path];
  const operations = paths.map((pointer) => {
    const image = pointTo(object, pointer);
    if (typeof image !== 'string') throw new Error(`imageOverrider: ${pointer}: there is no image`);
    return { op: 'replace', path: pointer, value: overrideImage(image, overrider) };
  });
  return operations.length === 0 ? object : (applyJsonPatch(object as unknown as Json, operations) as unknown as Unstructured);
}

function imagePaths(object: Unstructured, podSpec: string): string[] {
  return ['containers', 'initContainers'].flatMap((field) => {
    const containers = (pointTo(object, `${podSpec}/${field}`) as { image?: string }[] | undefined) ?? [];
    return containers.flatMap(({ image }, i) => (image === undefined ? [] : [`${podSpec}/${field}/${i}/image`]));
  });
}
