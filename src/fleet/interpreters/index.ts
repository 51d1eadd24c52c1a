/** Which interpreter a kind has. */
import type { Interpreter } from './interpreter.ts';
import { daemonSet, deployment, replicaSet, statefulSet } from './counted.ts';
import { autoscaler, claim, conditioned, cronJob, disruptionBudget, ingress, job, knativeService, pod, service } from './others.ts';

const BY_KIND: Readonly<Record<string, Interpreter>> = {
  'apps/Deployment': deployment,
  'apps/ReplicaSet': replicaSet,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'batch/Job': job,
  'batch/CronJob': cronJob,
  '/Pod': pod,
  '/Service': service,
  '/PersistentVolumeClaim': claim,
  'networking.k8s.io/Ingress': ingress,
  'policy/PodDisruptionBudget': disruptionBudget,
  'autoscaling/HorizontalPodAutoscaler': autoscaler,
  'serving.knative.dev/Service': knativeService,
  'eventing.knative.dev/Broker': conditioned,
  'eventing.knative.dev/Trigger': conditioned,
  'keda.sh/ScaledObject': conditioned,
  'keda.sh/ScaledJob': conditioned,
};

const UNKNOWN: Interpreter = {};

/** Of a kind in any of its versions; of kinds that are not known nothing is divided, retained or added up. */
export function interpreterOf({ apiVersion, kind }: { apiVersion: string; kind: string }): Interpreter {
  const slash = apiVersion.indexOf('/');
  return BY_KIND[`${slash < 0 ? '' : apiVersion.slice(0, slash)}/${kind}`] ?? UNKNOWN;
}
