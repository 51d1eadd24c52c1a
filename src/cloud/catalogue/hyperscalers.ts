/** General-purpose families of the large clouds. `maxPods` is what the provider's network allows a node, where it differs from 110. */
import type { InstanceType } from '../provider.ts';

const HOURS_A_MONTH = 730;
const DISK_MIB = 100 * 1024;

/** name, vCPUs, memory GiB, USD an hour, pods */
type Line = readonly [string, number, number, number, number?];

function list(provider: InstanceType['provider'], lines: readonly Line[]): InstanceType[] {
  return lines.map(([name, vcpus, memoryGiB, hourlyUsd, maxPods]) => ({
    name,
    provider,
    vcpus,
    memoryMiB: memoryGiB * 1024,
    diskMiB: DISK_MIB,
    hourlyUsd,
    monthlyUsd: Math.round(hourlyUsd * HOURS_A_MONTH * 100) / 100,
    ...(maxPods === undefined ? {} : { maxPods }),
  }));
}

export const EKS = list('eks', [
  ['t3.medium', 2, 4, 0.0416, 17],
  ['t3.large', 2, 8, 0.0832, 35],
  ['t3.xlarge', 4, 16, 0.1664, 58],
  ['t3.2xlarge', 8, 32, 0.3328, 58],
  ['m5.large', 2, 8, 0.096, 29],
  ['m5.xlarge', 4, 16, 0.192, 58],
  ['m5.2xlarge', 8, 32, 0.384, 58],
  ['m5.4xlarge', 16, 64, 0.768, 234],
  ['m6i.large', 2, 8, 0.096, 29],
  ['m6i.xlarge', 4, 16, 0.192, 58],
  ['m6i.2xlarge', 8, 32, 0.384, 58],
  ['m6i.4xlarge', 16, 64, 0.768, 234],
  ['c6i.large', 2, 4, 0.085, 29],
  ['c6i.xlarge', 4, 8, 0.17, 58],
  ['c6i.2xlarge', 8, 16, 0.34, 58],
  ['r6i.large', 2, 16, 0.126, 29],
  ['r6i.xlarge', 4, 32, 0.252, 58],
]);

export const GKE = list('gke', [
  ['e2-medium', 2, 4, 0.0335],
  ['e2-standard-2', 2, 8, 0.067],
  ['e2-standard-4', 4, 16, 0.134],
  ['e2-standard-8', 8, 32, 0.268],
  ['e2-standard-16', 16, 64, 0.536],
  ['n2-standard-2', 2, 8, 0.0971],
  ['n2-standard-4', 4, 16, 0.1942],
  ['n2-standard-8', 8, 32, 0.3885],
  ['n2-standard-16', 16, 64, 0.7769],
  ['n2-highmem-2', 2, 16, 0.131],
  ['n2-highmem-4', 4, 32, 0.262],
]);

export const AKS = list('aks', [
  ['Standard_B2s', 2, 4, 0.0416],
  ['Standard_B2ms', 2, 8, 0.0832],
  ['Standard_B4ms', 4, 16, 0.166],
  ['Standard_D2s_v5', 2, 8, 0.096],
  ['Standard_D4s_v5', 4, 16, 0.192],
  ['Standard_D8s_v5', 8, 32, 0.384],
  ['Standard_D16s_v5', 16, 64, 0.768],
  ['Standard_E2s_v5', 2, 16, 0.126],
  ['Standard_E4s_v5', 4, 32, 0.252],
]);
