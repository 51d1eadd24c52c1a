import { conformance } from './conformance/suite.ts';
import { autoscaling } from './controllers/autoscaling.ts';
import { clients } from './clients/suite.ts';
import { controllers } from './controllers/suite.ts';
import { differential } from './differential/suite.ts';
import { kubectl } from './kubectl/suite.ts';
import type { Suite } from './suite.ts';

export const SUITES: readonly Suite[] = [differential, controllers, autoscaling, kubectl, clients, conformance];
