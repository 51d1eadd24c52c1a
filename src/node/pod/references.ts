/** Which config maps and secrets a pod names. Pure. */
import { containersOf } from '../../kube/pods.ts';
import type { Pod } from '../../kube/types.ts';

/** 'ConfigMap/NAME' and 'Secret/NAME'. */
export function referencesOf(pod: Pod): Set<string> {
  const found = new Set<string>();
  const configMap = (reference: { name?: string } | undefined) => reference?.name && found.add(`ConfigMap/${reference.name}`);
  const secret = (name: string | undefined) => name && found.add(`Secret/${name}`);
  for (const { configMap: map, secret: hidden, projected } of pod.spec?.volumes ?? []) {
    configMap(map);
    secret(hidden?.secretName);
    for (const source of projected?.sources ?? []) {
      configMap(source.configMap);
      secret(source.secret?.name);
    }
  }
  for (const { env, envFrom } of containersOf(pod.spec)) {
    for (const { valueFrom } of env ?? []) {
      configMap(valueFrom?.configMapKeyRef);
      secret(valueFrom?.secretKeyRef?.name);
    }
    for (const { configMapRef, secretRef } of envFrom ?? []) {
      configMap(configMapRef);
      secret(secretRef?.name);
    }
  }
  return found;
}
