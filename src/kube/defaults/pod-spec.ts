/** What the API server fills into a pod's spec. Source: the API reference's "defaults to" of each field. */
import type { Container, PodSpec } from '../types.ts';

const FILE_MODE = 0o644;
const TERMINATION_GRACE_SECONDS = 30;

/** Mutates the spec. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ??= 'Always';
  spec.terminationGracePeriodSeconds ??= TERMINATION_GRACE_SECONDS;
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.securityContext ??= {};
  spec.schedulerName ??= 'default-scheduler';
  if (spec.serviceAccountName && !spec.serviceAccount) spec.serviceAccount = spec.serviceAccountName;
  else if (spec.serviceAccount && !spec.serviceAccountName) spec.serviceAccountName = spec.serviceAccount;
  for (const container of spec.initContainers ?? []) defaultContainer(container, spec.hostNetwork === true);
  for (const container of spec.containers ?? []) defaultContainer(container, spec.hostNetwork === true);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container as Container, false);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

/** Of a pod itself, not of a template: service links belong to running pods. */
export function defaultPod(spec: PodSpec): void {
  spec.enableServiceLinks ??= true;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) requestsFromLimits(container);
}

function requestsFromLimits(container: Container): void {
  const limits = container.resources?.limits;
  if (!limits || !container.resources) return;
  container.resources.requests = { ...limits, ...container.resources.requests };
}

function defaultContainer(container: Container, hostNetwork: boolean): void {
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  container.imagePullPolicy ??= pullPolicy(container.image ?? '');
  container.resources ??= {};
  for (const port of container.ports ?? []) {
    port.protocol ??= 'TCP';
    if (hostNetwork) port.hostPort ??= port.containerPort;
  }
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ??= 'v1';
    if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor ??= '0';
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) if (probe) defaultProbe(probe);
  for (const handler of [container.lifecycle?.postStart, container.lifecycle?.preStop]) if (handler?.httpGet) defaultHttpGet(handler.httpGet);
}

/** A tag of `latest`, or none, is pulled each time. */
/** A path of an image's name: what is none has no tag. */
const IMAGE_PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

function pullPolicy(image: string): 'Always' | 'IfNotPresent' {
  if (image.includes('@')) return 'IfNotPresent';
  const name = image.slice(image.lastIndexOf('/') + 1);
  if (!IMAGE_PATH.test(name.split(':', 1)[0] ?? '')) return 'IfNotPresent';
  const tag = name.includes(':') ? name.slice(name.indexOf(':') + 1) : 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

type Probe = NonNullable<Container['livenessProbe']>;

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet) defaultHttpGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

function defaultHttpGet(get: NonNullable<Probe['httpGet']>): void {
  get.path ||= '/';
  get.scheme ||= 'HTTP';
}

type Volume = NonNullable<PodSpec['volumes']>[number];

function defaultVolume(volume: Volume): void {
  const { name: _name, ...sources } = volume;
  if (Object.keys(sources).length === 0) volume.emptyDir = {};
  if (volume.secret) volume.secret.defaultMode ??= FILE_MODE;
  if (volume.configMap) volume.configMap.defaultMode ??= FILE_MODE;
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= FILE_MODE;
    for (const item of volume.downwardAPI.items ?? []) defaultDownward(item);
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= FILE_MODE;
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
      for (const item of source.downwardAPI?.items ?? []) defaultDownward(item);
    }
  }
  if (volume.hostPath) volume.hostPath.type ??= '';
  if (volume.ephemeral?.volumeClaimTemplate?.spec) volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem';
}

function defaultDownward(item: { fieldRef?: { apiVersion?: string }; resourceFieldRef?: { divisor?: string | number } }): void {
  if (item.fieldRef) item.fieldRef.apiVersion ??= 'v1';
  if (item.resourceFieldRef) item.resourceFieldRef.divisor ??= '0';
}
