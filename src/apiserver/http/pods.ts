/** What the API server asks the kubelet for: logs, exec, attach, port-forward. */
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { badRequest, internalError, notFound, StatusError } from '../../kube/status.ts';
import type { Pod } from '../../kube/types.ts';
import type { ExecOptions, Kubelet, KubeletOf, LogOptions, PodRef } from '../../runtime/kubelet.ts';
import type { ApiEngine } from '../engine.ts';
import { serveCommand } from '../streams/exec.ts';
import { servePortForward } from '../streams/port-forward.ts';
import type { Upgrade } from '../streams/upgrade.ts';
import type { Exchange } from './exchange.ts';
import { integer, isTrue } from './query.ts';
import type { ResourceRequest } from './resources.ts';

export interface PodWorld {
  engine: ApiEngine;
  kubeletOf: KubeletOf;
}

/** `kubectl logs`. An unscheduled pod has none, as upstream. */
export async function serveLogs(world: PodWorld, exchange: Exchange, found: ResourceRequest): Promise<void> {
  const { query, response } = exchange;
  const pod = await podOf(world, exchange, found);
  const options = logOptions(query, containerOf(pod, query.get('container'), true));
  const headers = { 'Cache-Control': 'no-cache, private', 'Content-Type': 'text/plain' };
  if (!pod.spec?.nodeName) {
    response.writeHead(200, headers);
    response.end();
    return;
  }
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const logs = await kubeletOf(world, pod).logs(refOf(pod), options, gone.signal);
  response.writeHead(200, headers);
  // A follower waits for the headers before the first line.
  response.flushHeaders();
  await finishWhenGone(response, () => pipeline(logs, response));
}

/** A client that leaves in the middle is no error. */
async function finishWhenGone(response: ServerResponse, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!response.destroyed) throw error;
  }
}

function logOptions(query: URLSearchParams, container: string): LogOptions {
  const number = (name: string, least: number): number | undefined => {
    const value = integer(query, name);
    if (value !== undefined && value < least)
      throw new StatusError(422, 'Invalid', `PodLogOptions "" is invalid: ${name}: Invalid value: ${value}: must be greater than or equal to ${least}`);
    return value;
  };
  const options = {
    container,
    follow: isTrue(query, 'follow'),
    previous: isTrue(query, 'previous'),
    timestamps: isTrue(query, 'timestamps'),
    tailLines: number('tailLines', 0),
    limitBytes: number('limitBytes', 1),
    sinceSeconds: number('sinceSeconds', 1),
    sinceTime: query.get('sinceTime') ?? undefined,
  };
  if (options.sinceTime !== undefined && Number.isNaN(Date.parse(options.sinceTime)))
    throw badRequest(`sinceTime: ${JSON.stringify(options.sinceTime)} is not an RFC 3339 time`);
  // The kubelet's interface has absent members, not undefined ones.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as LogOptions;
}

/** exec, attach and port-forward. Rejects with a StatusError as long as nothing has been answered. */
export async function serveStream(world: PodWorld, exchange: Exchange, found: ResourceRequest, upgrade: Upgrade): Promise<void> {
  const { query } = exchange;
  const pod = await podOf(world, exchange, found);
  if (!pod.spec?.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  const kubelet = kubeletOf(world, pod);
  const ref = refOf(pod);
  if (found.path.subresource === 'portforward') return servePortForward(upgrade, query, (port) => kubelet.portForward(ref, port));
  const wanted = { container: containerOf(pod, query.get('container'), false), ...streamOptions(query) };
  if (found.path.subresource === 'attach') return serveCommand(upgrade, wanted, () => kubelet.attach(ref, wanted));
  const command = query.getAll('command');
  if (command.length === 0) throw badRequest('you must specify at least 1 command for the container');
  return serveCommand(upgrade, wanted, () => kubelet.exec(ref, { ...wanted, command }));
}

function streamOptions(query: URLSearchParams): Pick<ExecOptions, 'stdin' | 'stdout' | 'stderr' | 'tty'> {
  const [stdin, stdout, tty] = [isTrue(query, 'stdin'), isTrue(query, 'stdout'), isTrue(query, 'tty')];
  // A terminal has one output.
  const stderr = isTrue(query, 'stderr') && !tty;
  if (!stdin && !stdout && !stderr) throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  return { stdin, stdout, stderr, tty };
}

async function podOf({ engine }: PodWorld, { ctx }: Exchange, { definition, path }: ResourceRequest): Promise<Pod> {
  const { name = '', namespace } = path;
  const stored = await engine.get(definition, ctx, namespace === undefined ? { name } : { name, namespace });
  // The path named a pod.
  return stored.object as Pod;
}

function refOf({ metadata }: Pod): PodRef {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '', uid: metadata.uid ?? '' };
}

function kubeletOf(world: PodWorld, pod: Pod): Kubelet {
  const node = pod.spec?.nodeName ?? '';
  const kubelet = world.kubeletOf(node);
  if (kubelet === undefined) throw internalError(`error dialing backend: no kubelet answers for node ${JSON.stringify(node)}`);
  return kubelet;
}

/** Texts as upstream's, which clients show. */
function containerOf(pod: Pod, asked: string | null, chosenByDefault: boolean): string {
  const names = (list: readonly { name: string }[] | undefined): string[] => (list ?? []).map(({ name }) => name);
  const own = names(pod.spec?.containers);
  const init = names(pod.spec?.initContainers);
  const ephemeral = names(pod.spec?.ephemeralContainers);
  if (asked) {
    if ([...own, ...init, ...ephemeral].includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  }
  if (own.length === 1) return own[0]!;
  const preferred = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (chosenByDefault && preferred && own.includes(preferred)) return preferred;
  if (own.length === 0) throw notFound({ group: '', plural: 'pods', name: pod.metadata.name ?? '' });
  const others = `${init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : ''}${ephemeral.length > 0 ? ` or one of the ephemeral containers: [${ephemeral.join(' ')}]` : ''}`;
  throw badRequest(`a container name must be specified for pod ${pod.metadata.name}, choose one of: [${own.join(' ')}]${others}`);
}
