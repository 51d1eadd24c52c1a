/** KEDA; see README.md. */
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { authenticationUsers } from './authentication-users.ts';
import { scaledObjectController } from './controller.ts';
import { externalMetrics } from './external-metrics.ts';
import { scaledJobController } from './jobs/controller.ts';
import { kedaPoller } from './poller.ts';
import { KedaWorld, type KedaOptions } from './world.ts';

export interface Keda {
  controllers: Controller[];
  /** Answers external.metrics.k8s.io. */
  externalMetrics: ReturnType<typeof externalMetrics>;
}

export function keda(ctx: ControllerContext, options: KedaOptions): Keda {
  const world = new KedaWorld(ctx, options);
  const controllers = [scaledObjectController(world), scaledJobController(world), kedaPoller(world), ...authenticationUsers(ctx)];
  return { controllers, externalMetrics: externalMetrics(world) };
}
