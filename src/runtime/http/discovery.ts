/** What an API serves, asked over HTTP: its version, and its kinds. */
import type { Resource } from '../../kube/resources.ts';
import type { HttpClient } from './client.ts';

interface ResourceList {
  groupVersion: string;
  resources?: { name: string; kind: string; namespaced: boolean; verbs: string[] }[];
}

interface GroupList {
  groups?: { name: string; versions: { groupVersion: string }[] }[];
}

export interface Discovery {
  version(): Promise<string>;
  /** Groups and versions with their resources, subresources left out. Asked anew at most once in 30 s. */
  enablements(): Promise<{ groupVersion: string; resources: { name: string; kind: string }[] }[]>;
  /** The resources that serve a kind, preferred versions first; a kind that is not known is looked for anew. */
  kinds(group: string, kind: string): Promise<readonly Resource[]>;
}

const GOOD_FOR_MS = 30_000;
/** So often at most for kinds that are not there. */
const ASK_AGAIN_MS = 1_000;

/** `now` in ms of a clock that only goes forward. */
export function discovery(client: Pick<HttpClient, 'raw'>, now: () => number): Discovery {
  let known: { lists: ResourceList[]; at: number } | undefined;

  async function load(maxAgeMs: number): Promise<ResourceList[]> {
    if (known !== undefined && now() - known.at < maxAgeMs) return known.lists;
    const { groups = [] } = await client.raw<GroupList>('/apis');
    const paths = ['/api/v1', ...groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => `/apis/${groupVersion}`))];
    // A group whose server is away must not hide the others.
    const lists = await Promise.all(paths.map((path) => client.raw<ResourceList>(path).catch(() => undefined)));
    known = { lists: lists.filter((list) => list !== undefined), at: now() };
    return known.lists;
  }

  function find(lists: readonly ResourceList[], group: string, kind: string): Resource[] {
    return lists.flatMap(({ groupVersion, resources = [] }) => {
      const [first = '', second] = groupVersion.split('/');
      const [ownGroup, version] = second === undefined ? ['', first] : [first, second];
      if (ownGroup !== group) return [];
      return resources
        .filter((resource) => resource.kind === kind && !resource.name.includes('/'))
        .map(({ name, namespaced }) => ({ group, version, kind, plural: name, namespaced }));
    });
  }

  return {
    async version() {
      return (await client.raw<{ gitVersion: string }>('/version')).gitVersion;
    },
    async enablements() {
      const lists = await load(GOOD_FOR_MS);
      return lists.map(({ groupVersion, resources = [] }) => ({
        groupVersion,
        resources: resources.filter(({ name }) => !name.includes('/')).map(({ name, kind }) => ({ name, kind })),
      }));
    },
    async kinds(group, kind) {
      const found = find(await load(Number.POSITIVE_INFINITY), group, kind);
      return found.length > 0 ? found : find(await load(ASK_AGAIN_MS), group, kind);
    },
  };
}
