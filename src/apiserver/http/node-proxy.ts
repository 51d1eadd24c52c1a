/** `.../nodes/NAME/proxy/...`: what a kubelet answers over HTTP that is worth reading here: health, measures, pods. */
import { notFound, serviceUnavailable } from '../../kube/status.ts';
import type { KubeObject, Node } from '../../kube/types.ts';
import type { KubeletOf } from '../../runtime/kubelet.ts';
import type { ApiEngine } from '../engine.ts';
import { nodeMetricsText } from '../metrics-api/node-text.ts';
import { nodeSummary } from '../metrics-api/node-summary.ts';
import type { Exchange } from './exchange.ts';
import { send, sendJson } from './respond.ts';

interface NodeWorld {
  engine: ApiEngine;
  kubeletOf: KubeletOf;
}

/** `name` may carry the kubelet's port ('node-1:10250'), as upstream's clients write it. */
export async function serveNodeProxy({ engine, kubeletOf }: NodeWorld, exchange: Exchange, name: string, path: string): Promise<void> {
  const { response, ctx } = exchange;
  const [nodeName = ''] = name.split(':');
  const definition = engine.definition('', 'v1', 'nodes');
  if (definition === undefined) throw notFound({ group: '', plural: 'nodes', name: nodeName });
  // The collection holds nodes.
  const node = (await engine.get(definition, ctx, { name: nodeName })).object as Node;
  const kubelet = kubeletOf(nodeName);
  if (kubelet === undefined) throw serviceUnavailable(`error trying to reach service: no kubelet answers for node ${JSON.stringify(nodeName)}`);
  const asked = path.replace(/(?<=.)\/$/, '');
  if (asked === '/healthz') return send(response, 200, 'text/plain; charset=utf-8', 'ok');
  if (asked === '/pods') return sendJson(response, 200, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: await podsOf(engine, exchange, nodeName) });
  if (asked === '/stats/summary') return sendJson(response, 200, nodeSummary(node, await kubelet.stats()));
  const text = nodeMetricsText(asked, node, await kubelet.stats());
  if (text === undefined) return send(response, 404, 'text/plain; charset=utf-8', '404 page not found\n');
  send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', text);
}

async function podsOf(engine: ApiEngine, { ctx }: Exchange, nodeName: string): Promise<KubeObject[]> {
  const pods = engine.definition('', 'v1', 'pods');
  return pods === undefined ? [] : (await engine.list(pods, ctx, { fieldSelector: `spec.nodeName=${nodeName}` })).items.map(({ object }) => object);
}
