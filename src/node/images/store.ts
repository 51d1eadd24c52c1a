/** The images of a cluster: host images first (unless told otherwise), then real ones. */
import { parseReference } from './reference.ts';
import { HostImages } from './host-images.ts';
import { RegistryImages } from './registry-images.ts';
import type { Image, ImageStore, PullOptions } from './image.ts';

export interface ImageStoreOptions {
  /** The cluster's images directory: real images and what is made once for host images. */
  dir: string;
  /** Where host image manifests lie: the repository's images/. */
  hostImagesDir: string;
  /** 'registry' turns host images off. */
  imagePolicy: 'host' | 'registry';
}

export function openImageStore({ dir, hostImagesDir, imagePolicy }: ImageStoreOptions): ImageStore {
  const host = imagePolicy === 'host' ? new HostImages(hostImagesDir, dir) : undefined;
  const registry = new RegistryImages(dir);
  return {
    async find(name: string): Promise<Image | undefined> {
      // A name that is no name is refused before anything else.
      parseReference(name);
      // A host image whose program is missing counts as absent: the pull then says what is missing.
      const found = await host?.find(name).catch(() => undefined);
      return found ?? registry.find(name);
    },
    async pull(name: string, options: PullOptions): Promise<Image> {
      return (await host?.find(name)) ?? registry.pull(name, options);
    },
    list: () => registry.list(),
  };
}
