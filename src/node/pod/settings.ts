/** From a container of a pod and its image to what the runtime needs. Pure. */
import { byteCount, cpuMillis } from '../../kube/quantity.ts';
import type { Container, Pod } from '../../kube/types.ts';
import type { ImageConfig } from '../images/image.ts';
import type { ContainerSettings, ContainerUser, Mount } from '../oci/spec.ts';
import { expand } from './expand.ts';

export interface SettingsInput {
  pod: Pod;
  container: Container;
  image: ImageConfig;
  /** What the pod asks for; the image's own variables are added here. */
  env: Readonly<Record<string, string>>;
  rootfs: string;
  mounts: readonly Mount[];
  hostname: string;
  networkNamespace: string | undefined;
  /** A process whose namespace of processes it joins. */
  targetPid: number | undefined;
  cgroupsPath: string;
  heldCapabilities: readonly string[];
  /** Of the image's user, looked up in its root file system. */
  lookUpUser(user: string): ContainerUser;
}

/** Throws an Error when the container may not run so (runAsNonRoot) or has nothing to run. */
export function containerSettings(input: SettingsInput): ContainerSettings {
  const { pod, container, image, env, mounts } = input;
  const security = container.securityContext ?? {};
  const limits = container.resources?.limits;
  const requests = container.resources?.requests;
  const privileged = security.privileged === true;
  return {
    hostname: input.hostname,
    networkNamespace: input.networkNamespace,
    pidNamespace: input.targetPid !== undefined ? { path: `/proc/${input.targetPid}/ns/pid` } : pod.spec?.hostPID === true ? 'host' : 'own',
    hostIpc: pod.spec?.hostIPC === true,
    rootfs: input.rootfs,
    readOnlyRootFilesystem: security.readOnlyRootFilesystem === true,
    args: commandLine(container, image, env),
    env: { ...image.env, ...env },
    workingDir: container.workingDir || image.workingDir || '/',
    user: runAs(input),
    tty: container.tty === true,
    mounts,
    privileged,
    allowPrivilegeEscalation: privileged || security.allowPrivilegeEscalation !== false,
    capabilities: { add: security.capabilities?.add ?? [], drop: security.capabilities?.drop ?? [], held: input.heldCapabilities },
    resources: {
      cpuRequestMillis: cpuMillis(requests?.cpu),
      cpuLimitMillis: cpuMillis(limits?.cpu),
      memoryLimitBytes: byteCount(limits?.memory),
    },
    cgroupsPath: input.cgroupsPath,
    ...(pod.spec?.hostNetwork === true ? { networkNamespace: undefined } : {}),
  };
}

/** The table in the Kubernetes documentation: a pod's command replaces entrypoint and command of the image, its args only the latter. */
function commandLine(container: Container, image: ImageConfig, env: Readonly<Record<string, string>>): string[] {
  const own = (texts: readonly string[] | undefined) => (texts ?? []).map((text) => expand(text, env));
  const command = own(container.command);
  const args = own(container.args);
  const line = command.length > 0 ? [...command, ...args] : args.length > 0 ? [...image.entrypoint, ...args] : [...image.entrypoint, ...image.command];
  if (line.length === 0) throw new Error('no command specified');
  return line;
}

function runAs({ pod, container, image, lookUpUser }: SettingsInput): ContainerUser {
  const podSecurity = pod.spec?.securityContext ?? {};
  const security = { ...podSecurity, ...container.securityContext };
  const wanted = security.runAsUser;
  const user = lookUpUser(wanted === undefined ? image.user : String(wanted));
  if (security.runAsNonRoot === true && user.uid === 0) {
    throw new Error(
      wanted === 0
        ? `container's runAsUser breaks non-root policy (pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`
        : `container has runAsNonRoot and image will run as root (pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`,
    );
  }
  const groups = [...user.additionalGids, ...(podSecurity.supplementalGroups ?? []), ...(podSecurity.fsGroup === undefined ? [] : [podSecurity.fsGroup])];
  return { uid: user.uid, gid: security.runAsGroup ?? user.gid, additionalGids: [...new Set(groups)] };
}
