/** Which conformance tests run: those that need nothing but the API and controllers. The others start pods of images from a registry. */
const API_ONLY: readonly RegExp[] = [
  /^\[sig-api-machinery\] (?!.*(?:[Ww]ebhook|Aggregator The|sample API))/,
  /^\[sig-auth\] (?:Certificates API|SubjectReview|ServiceAccounts (?:should run through the lifecycle|should update|should guarantee))/,
  /^\[sig-cli\] Kubectl client (?:Kubectl (?:api-versions|cluster-info|diff|version)|Proxy server)/,
  /^\[sig-instrumentation\]/,
  /^\[sig-network\] (?:EndpointSliceMirroring|Ingress API|IngressClass API|Services should (?:provide secure master|delete a collection|find a service from listing|test the lifecycle of an Endpoint|complete a service status))/,
  /^\[sig-node\] (?:Lease|PodTemplates|ConfigMap should (?:run through|fail))/,
  /^\[sig-scheduling\] (?:LimitRange|SchedulerPreemption.*PriorityClass endpoints)/,
  /^\[sig-storage\] (?:CSIInlineVolumes|CSIStorageCapacity|StorageClasses|VolumeAttachment|CSINodes|PersistentVolumes CSI Conformance)/,
];

export function runsHere(name: string): boolean {
  return API_ONLY.some((pattern) => pattern.test(name));
}
