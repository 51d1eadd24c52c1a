/** `/prometheus/targets/{nodes,pods,services}`: what a Prometheus in the cluster is to scrape. */
import type { EndpointSlice, KubeObject, Node, Pod, Service } from '../../kube/types.ts';
import type { ApiEngine } from '../engine.ts';
import { asksToBeScraped, nodeTargets, podTargets, serviceTargets, type TargetGroup } from '../metrics-api/targets.ts';
import type { Exchange } from './exchange.ts';
import { sendJson } from './respond.ts';

const PATH = /^\/prometheus\/targets\/(nodes|pods|services)$/;

/** False when the path is another's. */
export async function serveTargets(engine: ApiEngine, exchange: Exchange): Promise<boolean> {
  const role = PATH.exec(exchange.path)?.[1];
  if (role === undefined) return false;
  sendJson(exchange.response, 200, await targetsOf(engine, exchange, role));
  return true;
}

async function targetsOf(engine: ApiEngine, { ctx }: Exchange, role: string): Promise<TargetGroup[]> {
  const list = async (group: string, plural: string): Promise<KubeObject[]> => {
    const definition = engine.definition(group, 'v1', plural);
    return definition === undefined ? [] : (await engine.list(definition, ctx, {})).items.map(({ object }) => object);
  };
  // Each collection holds objects of its kind.
  if (role === 'nodes') return nodeTargets((await list('', 'nodes')) as Node[]);
  if (role === 'pods') return podTargets((await list('', 'pods')) as Pod[]);
  const services = ((await list('', 'services')) as Service[]).filter(asksToBeScraped);
  if (services.length === 0) return [];
  const slices = Map.groupBy(
    (await list('discovery.k8s.io', 'endpointslices')) as EndpointSlice[],
    ({ metadata }) => `${metadata.namespace}/${metadata.labels?.['kubernetes.io/service-name']}`,
  );
  const podsByKey = new Map(((await list('', 'pods')) as Pod[]).map((pod) => [`${pod.metadata.namespace}/${pod.metadata.name}`, pod]));
  return serviceTargets(
    services,
    ({ metadata }) => slices.get(`${metadata.namespace}/${metadata.name}`) ?? [],
    (key) => podsByKey.get(key),
  );
}
