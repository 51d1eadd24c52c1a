/** Certificate requests from asking to the certificate: `approver.ts`, `signer.ts`, and `cleaner.ts` when all is over. */
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { csrApprovingController } from './approver.ts';
import { csrCleanerController } from './cleaner.ts';
import { csrSigningController, type SignCertificate } from './signer.ts';

export function certificateControllers(ctx: ControllerContext, sign: SignCertificate): Controller[] {
  return [csrApprovingController(ctx), csrSigningController(ctx, sign), csrCleanerController(ctx)];
}
