/** Every pod runs as a service account of its namespace, and finds that account's token where client libraries look for it. */
import { forbidden } from '../../kube/status.ts';
import type { Container, Pod, PodSpec, ServiceAccount } from '../../kube/types.ts';
import { nameSuffix } from '../../runtime/random.ts';
import { lookUp, targetOf } from '../registry/world.ts';
import { isNewPod, type AdmissionPlugin, type AdmissionRequest } from './plugin.ts';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const VOLUME_PREFIX = 'kube-api-access-';
/** Upstream's: a little more than an hour, by which the API server recognizes the volume it made. */
const TOKEN_SECONDS = 3607;
/** The default account of a new namespace is made by a controller: give it a moment, as upstream. */
const WAIT_STEP_MS = 25;
const WAIT_STEPS = 40;
const MIRROR = 'kubernetes.io/config.mirror';

function accountName(spec: PodSpec): string {
  return spec.serviceAccountName || spec.serviceAccount || 'default';
}

function find(request: AdmissionRequest, spec: PodSpec): ServiceAccount | undefined {
  return lookUp<ServiceAccount>(request.world, '', 'serviceaccounts', `${request.key.namespace}/${accountName(spec)}`);
}

/** The pod's spec when the plugin has a say in it. */
function specOf(request: AdmissionRequest): PodSpec | undefined {
  const { metadata, spec } = request.object as Pod;
  return isNewPod(request) && metadata.annotations?.[MIRROR] === undefined ? spec : undefined;
}

function volume(name: string): NonNullable<PodSpec['volumes']>[number] {
  return {
    name,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  };
}

function mountToken(spec: PodSpec, suffix: () => string): void {
  const without = (containers: Container[] | undefined): Container[] =>
    (containers ?? []).filter(({ volumeMounts }) => !volumeMounts?.some(({ mountPath }) => mountPath === MOUNT_PATH));
  const containers = [...without(spec.initContainers), ...without(spec.containers)];
  if (containers.length === 0) return;
  const present = spec.volumes?.find(({ name, projected }) => name?.startsWith(VOLUME_PREFIX) && projected !== undefined);
  const name = present?.name ?? VOLUME_PREFIX + suffix();
  if (present === undefined) spec.volumes = [...(spec.volumes ?? []), volume(name)];
  for (const container of containers) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: MOUNT_PATH }];
  }
}

export const serviceAccounts: AdmissionPlugin = {
  name: 'ServiceAccount',
  async prepare(request) {
    const spec = specOf(request);
    for (let step = 0; spec !== undefined && step < WAIT_STEPS && find(request, spec) === undefined; step++) await request.world.clock.sleep(WAIT_STEP_MS);
  },
  admit(request) {
    const spec = specOf(request);
    if (spec === undefined) return;
    const name = accountName(spec);
    const account = find(request, spec);
    if (account === undefined) {
      throw forbidden(
        targetOf(request.definition, request.key.name),
        `error looking up service account ${request.key.namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
      );
    }
    spec.serviceAccountName = name;
    spec.serviceAccount = name;
    if ((spec.imagePullSecrets ?? []).length === 0 && account.imagePullSecrets?.length)
      spec.imagePullSecrets = account.imagePullSecrets.map((ref) => ({ ...ref }));
    const mount = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
    if (mount) mountToken(spec, () => nameSuffix(request.world.random));
  },
};
