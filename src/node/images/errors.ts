/** Why a container has no image. `reason` is what shows in the pod's status. */
export type ImageErrorReason = 'InvalidImageName' | 'ErrImagePull' | 'ErrImageNeverPull' | 'ErrImageInspect';

export class ImageError extends Error {
  readonly reason: ImageErrorReason;

  constructor(reason: ImageErrorReason, message: string) {
    super(message);
    this.name = 'ImageError';
    this.reason = reason;
  }
}
