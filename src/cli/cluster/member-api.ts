/** What a cluster of ours tells its agent beside objects. */
import type { ApiEngine } from '../../apiserver/index.ts';
import type { MemberApi } from '../../fleet/index.ts';
import { SERVER_VERSION } from '../../apiserver/http/health.ts';
import { servedKinds } from './stored-kinds.ts';

export function memberApi(engine: ApiEngine): MemberApi {
  let known: Awaited<ReturnType<MemberApi['enablements']>> | undefined;
  engine.onDefinitionsChanged(() => (known = undefined));
  return {
    version: () => Promise.resolve(SERVER_VERSION),
    enablements() {
      known ??= enablementsOf(engine);
      return Promise.resolve(known);
    },
    kinds: servedKinds(engine),
  };
}

function enablementsOf(engine: ApiEngine): Awaited<ReturnType<MemberApi['enablements']>> {
  const found = new Map<string, { name: string; kind: string }[]>();
  for (const { group, version, plural, kind } of engine.definitions()) {
    const groupVersion = group === '' ? version : `${group}/${version}`;
    const resources = found.get(groupVersion) ?? [];
    resources.push({ name: plural, kind });
    found.set(groupVersion, resources);
  }
  return [...found].map(([groupVersion, resources]) => ({ groupVersion, resources }));
}
