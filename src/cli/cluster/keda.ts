/** KEDA in a cluster of ours: its controllers, how its scalers reach the world, and what is refused at the door. */
import { isDeepStrictEqual } from 'node:util';
import type { Review, Reviewers, ReviewRequest } from '../../apiserver/index.ts';
import { apiVersionOf, horizontalPodAutoscalers, limitRanges, type Resource } from '../../kube/resources.ts';
import { isNotFound, StatusError } from '../../kube/status.ts';
import type { KubeObject, PodSpec } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import type { ControllerContext } from '../../runtime/controller.ts';
import {
  hostResolver,
  httpGet,
  keda,
  scaledJobs,
  scaledObjects,
  warningsOf,
  whyNotTriggers,
  whyRefused,
  type ScaledJob,
  type ScaledObject,
} from '../../scaling/index.ts';
import type { servedKinds } from './stored-kinds.ts';

type Kinds = ReturnType<typeof servedKinds>;

export function kedaOf(ctx: ControllerContext, kinds: Kinds): ReturnType<typeof keda> & { close(): void } {
  const resolve = hostResolver(ctx.client);
  const http = httpGet(resolve);
  return { ...keda(ctx, { kinds, scalers: { http: http.get, resolve } }), close: http.close };
}

/** What KEDA's webhooks refuse. `attach` says who to ask; before that nothing is reviewed. */
export class KedaReview implements Reviewers {
  #world: { client: Client; kinds: Kinds } | undefined;

  attach(client: Client, kinds: Kinds): void {
    this.#world = { client, kinds };
  }

  of({ definition, operation, object, old, subresource, ctx }: ReviewRequest): Review | undefined {
    if (definition.group !== scaledObjects.group || subresource !== undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return undefined;
    const world = this.#world;
    const why = definition.plural === scaledObjects.plural ? refusal : definition.plural === scaledJobs.plural ? jobRefusal : undefined;
    if (why === undefined || world === undefined || object === undefined) return undefined;
    return {
      mutate: () => Promise.resolve(),
      async validate() {
        const scaled = object as ScaledObject & ScaledJob;
        // Marks of controllers must not be held up by what others did meanwhile.
        if (old !== undefined && isDeepStrictEqual((old as typeof scaled).spec, scaled.spec)) return;
        if (why === refusal) ctx.warnings.push(...warningsOf(scaled));
        const refused = await why(world, scaled);
        if (refused !== undefined)
          throw new StatusError(403, 'Forbidden', `admission webhook "v${definition.kind.toLowerCase()}.kb.io" denied the request: ${refused}`);
      },
    };
  }
}

function jobRefusal(_: unknown, { spec }: ScaledJob): Promise<string | undefined> {
  return Promise.resolve(whyNotTriggers(spec.triggers));
}

async function refusal({ client, kinds }: { client: Client; kinds: Kinds }, scaledObject: ScaledObject): Promise<string | undefined> {
  const { namespace = '' } = scaledObject.metadata;
  const resourceOf = ({ apiVersion = '', kind = '' }: { apiVersion?: string; kind?: string }): Resource | undefined => {
    const [group = '', version] = (apiVersion || 'apps/v1').includes('/') ? (apiVersion || 'apps/v1').split('/') : ['', apiVersion];
    const found = kinds(group, kind || 'Deployment');
    return found.find((resource) => resource.version === version) ?? found[0];
  };
  const target = resourceOf(scaledObject.spec.scaleTargetRef);
  const [others, autoscalers, limits, podSpec] = await Promise.all([
    client.list(scaledObjects, { namespace }),
    client.list(horizontalPodAutoscalers, { namespace }),
    client.list(limitRanges, { namespace }),
    target && podSpecOf(client, target, { namespace, name: scaledObject.spec.scaleTargetRef.name }),
  ]);
  return whyRefused(scaledObject, {
    scaledObjects: others.items,
    autoscalers: autoscalers.items,
    podSpec,
    kindOf(ref) {
      const resource = resourceOf(ref);
      return resource === undefined ? `${ref.apiVersion ?? ''}.${ref.kind ?? ''}` : `${apiVersionOf(resource)}.${resource.kind}`;
    },
    hasDefault: (name) =>
      limits.items.some(({ spec }) =>
        spec?.limits.some(({ type, default: limit, defaultRequest }) => type === 'Container' && (limit?.[name] ?? defaultRequest?.[name]) !== undefined),
      ),
  });
}

async function podSpecOf(client: Client, resource: Resource, key: { namespace: string; name: string }): Promise<PodSpec | undefined> {
  try {
    const target = await client.get(resource as Resource<KubeObject & { spec?: { template?: { spec?: PodSpec } } }>, key);
    return target.spec?.template?.spec;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
