/** Tells servers behind this one whom to believe: the ConfigMap that client libraries for such servers read. */
import { isNotFound } from '../../kube/status.ts';
import type { ConfigMap } from '../../kube/types.ts';
import type { ApiEngine, RequestContext } from '../engine.ts';
import type { Pki } from '../pki/index.ts';
import { equalJson } from '../../kube/json.ts';

const KEY = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };

/** Makes it, or brings it up to date. Safe at every start. */
export async function publishAuthentication(engine: ApiEngine, { ca, frontProxy }: Pick<Pki, 'ca' | 'frontProxy'>): Promise<void> {
  const definition = engine.definition('', 'v1', 'configmaps');
  if (definition === undefined) return;
  const ctx: RequestContext = { user: { name: 'system:apiserver', groups: ['system:masters'] }, warnings: [] };
  const data = {
    'client-ca-file': ca,
    'requestheader-allowed-names': JSON.stringify(['front-proxy-client']),
    'requestheader-client-ca-file': frontProxy.ca,
    'requestheader-extra-headers-prefix': JSON.stringify(['X-Remote-Extra-']),
    'requestheader-group-headers': JSON.stringify(['X-Remote-Group']),
    'requestheader-uid-headers': JSON.stringify(['X-Remote-Uid']),
    'requestheader-username-headers': JSON.stringify(['X-Remote-User']),
  };
  const old = await engine.get(definition, ctx, KEY).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (old === undefined) await engine.create(definition, ctx, KEY.namespace, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...KEY }, data } as ConfigMap);
  else if (!equalJson((old.object as ConfigMap).data, data)) await engine.patch(definition, ctx, KEY, { data }, { type: 'merge' });
}
