/** Linode's plans that LKE takes as nodes. Monthly prices are caps: hourly × 730 would be more. */
import type { InstanceType } from '../provider.ts';

/** name, vCPUs, memory MiB, disk MiB, USD an hour, USD a month */
const PLANS: readonly [string, number, number, number, number, number][] = [
  ['g6-standard-1', 1, 2048, 51_200, 0.018, 12],
  ['g6-standard-2', 2, 4096, 81_920, 0.036, 24],
  ['g6-standard-4', 4, 8192, 163_840, 0.072, 48],
  ['g6-standard-6', 6, 16_384, 327_680, 0.144, 96],
  ['g6-standard-8', 8, 32_768, 655_360, 0.288, 192],
  ['g6-standard-16', 16, 65_536, 1_310_720, 0.576, 384],
  ['g6-standard-20', 20, 98_304, 1_966_080, 0.864, 576],
  ['g6-standard-24', 24, 131_072, 2_621_440, 1.152, 768],
  ['g6-standard-32', 32, 196_608, 3_932_160, 1.728, 1152],
  ['g6-dedicated-2', 2, 4096, 81_920, 0.054, 36],
  ['g6-dedicated-4', 4, 8192, 163_840, 0.108, 72],
  ['g6-dedicated-8', 8, 16_384, 327_680, 0.216, 144],
  ['g6-dedicated-16', 16, 32_768, 655_360, 0.432, 288],
  ['g6-dedicated-32', 32, 65_536, 1_310_720, 0.864, 576],
  ['g7-highmem-1', 2, 24_576, 20_480, 0.09, 60],
  ['g7-highmem-2', 2, 49_152, 40_960, 0.18, 120],
  ['g7-premium-2', 2, 4096, 81_920, 0.0645, 43],
  ['g7-premium-4', 4, 8192, 163_840, 0.129, 86],
];

export const LKE: readonly InstanceType[] = PLANS.map(([name, vcpus, memoryMiB, diskMiB, hourlyUsd, monthlyUsd]) => ({
  name,
  provider: 'lke',
  vcpus,
  memoryMiB,
  diskMiB,
  hourlyUsd,
  monthlyUsd,
}));
