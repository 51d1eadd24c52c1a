/**
 * Tables: the columns kubectl shows of each kind, as kube-apiserver prints them. A printer is data and one function a kind.
 */
import type { KubeObject } from '../../kube/types.ts';
import type { Cell, Column, Printer } from './columns.ts';
import { accessPrinters } from './access.ts';
import { hpaPrinter } from './autoscalers.ts';
import {
  configMapPrinter,
  disruptionBudgetPrinter,
  endpointSlicePrinter,
  endpointsPrinter,
  eventPrinter,
  leasePrinter,
  namespacePrinter,
  nodePrinter,
  priorityClassPrinter,
  secretPrinter,
  serviceAccountPrinter,
  servicePrinter,
} from './core.ts';
import { defaultPrinter, otherPrinters } from './others.ts';
import { podPrinter } from './pods.ts';
import { storagePrinters } from './storage.ts';
import {
  cronJobPrinter,
  daemonSetPrinter,
  deploymentPrinter,
  jobPrinter,
  replicaSetPrinter,
  replicationControllerPrinter,
  statefulSetPrinter,
} from './workloads.ts';

export { customTable } from './custom.ts';
export type { Cell, Column } from './columns.ts';

interface Gvk {
  group: string;
  kind: string;
}

const PRINTERS: Record<string, Printer> = {
  ...otherPrinters,
  ...accessPrinters,
  ...storagePrinters,
  '/Pod': podPrinter,
  '/Namespace': namespacePrinter,
  '/Node': nodePrinter,
  '/Service': servicePrinter,
  '/Event': eventPrinter,
  'events.k8s.io/Event': eventPrinter,
  '/ConfigMap': configMapPrinter,
  '/Secret': secretPrinter,
  '/ServiceAccount': serviceAccountPrinter,
  '/Endpoints': endpointsPrinter,
  '/ReplicationController': replicationControllerPrinter,
  'apps/Deployment': deploymentPrinter,
  'apps/ReplicaSet': replicaSetPrinter,
  'apps/DaemonSet': daemonSetPrinter,
  'apps/StatefulSet': statefulSetPrinter,
  'batch/Job': jobPrinter,
  'batch/CronJob': cronJobPrinter,
  'autoscaling/HorizontalPodAutoscaler': hpaPrinter,
  'discovery.k8s.io/EndpointSlice': endpointSlicePrinter,
  'coordination.k8s.io/Lease': leasePrinter,
  'scheduling.k8s.io/PriorityClass': priorityClassPrinter,
  'policy/PodDisruptionBudget': disruptionBudgetPrinter,
};

function printerOf({ group, kind }: Gvk): Printer {
  const name = `${group}/${kind}`;
  return (Object.hasOwn(PRINTERS, name) ? PRINTERS[name] : undefined) ?? defaultPrinter;
}

export function tableColumns(gvk: Gvk): readonly Column[] {
  return printerOf(gvk).columns;
}

const precedenceOf = (object: KubeObject): number => (object as { spec?: { matchingPrecedence?: number } }).spec?.matchingPrecedence ?? 0;

/** Flow schemas are shown in the order in which they are asked; all others in that of the list. */
export function tableOrder<T extends { readonly object: KubeObject }>({ group, kind }: Gvk, items: readonly T[]): readonly T[] {
  if (group !== 'flowcontrol.apiserver.k8s.io' || kind !== 'FlowSchema') return items;
  return items.toSorted((a, b) => precedenceOf(a.object) - precedenceOf(b.object));
}

/** One cell a column; `nowMs` is for ages. */
export function tableRow(object: KubeObject, gvk: Gvk, nowMs: number): Cell[] {
  return printerOf(gvk).row(object as never, nowMs);
}
