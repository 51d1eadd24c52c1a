/** Kubeconfigs for kubectl and other clients. */
import { renameSync, writeFileSync } from 'node:fs';

export interface KubeconfigEntry {
  /** Of the cluster, its user and its context. */
  name: string;
  /** 'https://127.0.0.1:6443' */
  server: string;
  /** PEM. */
  ca: string;
  cert: string;
  key: string;
}

/** The text of a kubeconfig with everything embedded. */
export function kubeconfigText({ name, server, ca, cert, key }: KubeconfigEntry): string {
  const text = JSON.stringify;
  const data = (pem: string): string => Buffer.from(pem, 'utf8').toString('base64');
  return `apiVersion: v1
kind: Config
clusters:
- name: ${text(name)}
  cluster:
    server: ${text(server)}
    certificate-authority-data: ${data(ca)}
users:
- name: ${text(name)}
  user:
    client-certificate-data: ${data(cert)}
    client-key-data: ${data(key)}
contexts:
- name: ${text(name)}
  context:
    cluster: ${text(name)}
    user: ${text(name)}
current-context: ${text(name)}
`;
}

/** Replaces the file as a whole; only its owner may read it. */
export function writeKubeconfig(path: string, entry: KubeconfigEntry): void {
  const temporary = `${path}.new`;
  writeFileSync(temporary, kubeconfigText(entry), { mode: 0o600 });
  renameSync(temporary, path);
}
