/** The kinds that clusters of ours have beside Kubernetes' own: CustomResourceDefinitions under manifests/, in upstream's shape. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wantedStatus } from '../../apiserver/crd/controller.ts';
import { customResourceDefinitions } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { CustomResourceDefinition } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { timestamp, type Clock } from '../../runtime/clock.ts';
import { packageRoot } from '../package-root.ts';

/** Which text a definition was made from: it is read again only when that has changed. */
const MADE_FROM = 'argosy.dev/made-from';

/**
 * Makes what is missing, and brings to today's what an older Argosy made. A definition that somebody else brought is left alone.
 * Served at once: call this before the definitions are loaded. `directory` is one of the package: 'manifests/kinds'.
 */
export async function ensureOwnKinds(client: Client, clock: Clock, directory: string): Promise<void> {
  const path = join(packageRoot, directory);
  const files = readdirSync(path).filter((name) => name.endsWith('.yaml'));
  await Promise.all(files.map((file) => ensure(client, clock, file.replace(/\.yaml$/, ''), readFileSync(join(path, file), 'utf8'))));
}

async function ensure(client: Client, clock: Clock, name: string, text: string): Promise<void> {
  const madeFrom = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const known = await find(client, name);
  const before = known?.metadata.annotations?.[MADE_FROM];
  if (known !== undefined && (before === undefined || before === madeFrom)) return;
  const { parse } = await import('../../kube/yaml.ts');
  const wanted = parse(text) as CustomResourceDefinition;
  wanted.metadata.annotations = { ...wanted.metadata.annotations, [MADE_FROM]: madeFrom };
  const made =
    known === undefined
      ? await client.create(customResourceDefinitions, wanted)
      : await client.update(customResourceDefinitions, {
          ...known,
          metadata: { ...known.metadata, annotations: wanted.metadata.annotations },
          spec: wanted.spec,
        });
  if (known === undefined)
    await client.update(customResourceDefinitions, { ...made, status: wantedStatus(made, [], timestamp(clock.now())) }, { subresource: 'status' });
}

async function find(client: Client, name: string): Promise<CustomResourceDefinition | undefined> {
  try {
    return await client.get(customResourceDefinitions, { name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
