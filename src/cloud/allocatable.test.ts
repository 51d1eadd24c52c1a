import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitOf } from './allocatable.ts';
import { CATALOGUE, instanceType } from './catalogue/index.ts';
import type { InstanceType } from './provider.ts';

const MIB = 1024 * 1024;
const make = (provider: InstanceType['provider'], memoryMiB: number, vcpus = 2, maxPods?: number): InstanceType => ({
  name: 'x',
  provider,
  vcpus,
  memoryMiB,
  diskMiB: 1,
  hourlyUsd: 0,
  monthlyUsd: 0,
  ...(maxPods === undefined ? {} : { maxPods }),
});
const podMiB = (type: InstanceType): number => Math.round(splitOf(type).pods.memoryBytes / MIB);

const golden: [string, InstanceType, number][] = [
  ['EKS with 17 pods, 4 GiB', make('eks', 4096, 2, 17), 3554],
  ['EKS with 110 pods, 4 GiB', make('eks', 4096, 2, 110), 2531],
  ['EKS with 29 pods, 8 GiB', make('eks', 8192, 2, 29), 7518],
  ['AKS with 30 pods, 4 GiB', make('aks', 4096), 3346],
  ['AKS with 30 pods, 8 GiB', make('aks', 8192), 7442],
  // 2972 and 6249 before the kernel's part.
  ['GKE, 4 GiB', make('gke', 4096), 2813],
  ['GKE, 8 GiB', make('gke', 8192), 6018],
];
for (const [name, type, want] of golden) test(`${name}: ${want} MiB are left for pods`, () => assert.equal(podMiB(type), want));

for (const [vcpus, want] of [
  [1, 60],
  [2, 70],
  [4, 80],
  [8, 90],
  [16, 110],
] as const) {
  test(`${vcpus} cores of GKE reserve ${want} m`, () => assert.equal(splitOf(make('gke', 8192, vcpus)).reserved.cpuMillis, want));
}

for (const [memoryMiB, want] of [
  [4096, 2972],
  [8192, 6249],
] as const) {
  test(`GKE leaves ${want} of ${memoryMiB} MiB before the kernel takes its part`, () => {
    const { pods, kernel } = splitOf(make('gke', memoryMiB));
    assert.equal(Math.round((pods.memoryBytes + kernel.memoryBytes) / MIB), want);
  });
}

for (const [memoryMiB, want] of [
  [2048, 60],
  [4096, 159],
  [8192, 230],
  [32_768, 649],
] as const) {
  test(`the kernel of a GCE machine of ${memoryMiB} MiB keeps ${want} MiB`, () =>
    assert.equal(Math.round(splitOf(make('gke', memoryMiB)).kernel.memoryBytes / MIB), want));
}

for (const [vcpus, want] of [
  [1, 60],
  [2, 100],
  [4, 140],
  [8, 180],
  [16, 260],
  [32, 420],
  [64, 740],
] as const) {
  test(`${vcpus} cores of AKS reserve ${want} m`, () => assert.equal(splitOf(make('aks', 8192, vcpus)).reserved.cpuMillis, want));
}

test('the parts of every type add up to its capacity', () => {
  for (const type of CATALOGUE) {
    const { capacity, reserved, eviction, pods, kernel, nominal } = splitOf(type);
    assert.equal(reserved.memoryBytes + eviction.memoryBytes + pods.memoryBytes, capacity.memoryBytes, type.name);
    assert.equal(kernel.memoryBytes + capacity.memoryBytes, nominal.memoryBytes, type.name);
  }
});

const g6 = instanceType('g6-standard-2');
assert.ok(g6);
const available = splitOf(g6).pods.memoryBytes;
const G = 1e9;

test('a g6-standard-2 offers 3900000Ki to pods', () => assert.equal(available, 3_900_000 * 1024));
const statements: [string, boolean][] = [
  ['three pods of 1G run and the fourth waits', 3 * G <= available && available < 4 * G],
  ['four pods of 0.8G fit', 4 * 0.8 * G <= available],
  ['a fifth of 0.8G does not', 5 * 0.8 * G > available],
  ['placeholders of 3.8G and 3.9G fit alone', 3.9 * G <= available],
  ['a pod of 0.8G displaces the placeholder', 3.8 * G + 0.8 * G > available],
  ['four pods of 0.9G fit and five do not', 4 * 0.9 * G <= available && available < 5 * 0.9 * G],
];
for (const [statement, holds] of statements) test(`on a g6-standard-2 ${statement}`, () => assert.ok(holds));
