/** `argosy why`: why a template of the hub runs where it runs, and what would change that. */
import { Command, InvalidArgumentError } from 'commander';
import { ChangeError, explainTemplate, parseChange, type Change, type Explanation } from '../../fleet/index.ts';
import type { Resource } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { Unstructured } from '../../kube/types.ts';
import type { HttpClient } from '../../runtime/http/client.ts';
import { UserError } from '../errors.ts';
import { table } from '../table.ts';
import { reachHub } from './reach.ts';

interface WhyOptions {
  namespace: string;
  if: string[];
  without: string[];
  hub?: string;
  hubKubeconfig?: string;
  output?: 'json';
}

const collect = (value: string, before: string[]): string[] => [...before, value];

export function whyCommand(): Command {
  return new Command('why')
    .description('explain why an object of the hub runs where it runs: its policy, its clusters, how replicas are divided')
    .argument('<kind/name>', 'the object: deployment/hello')
    .option('-n, --namespace <namespace>', 'its namespace', 'default')
    .option('--if <change>', "what if: 'weight us=3', 'min eu=1', 'max eu=4', 'free ap=2', 'replicas=9', 'fresh'; may be said again", collect, [])
    .option('--without <cluster>', 'what if the cluster were away; may be said again', collect, [])
    .option('--hub <name>', 'the hub, or its fleet (default: the only one there is)')
    .option('--hub-kubeconfig <file>', 'the kubeconfig of a hub elsewhere')
    .option('-o, --output <format>', 'json', (format) => {
      if (format !== 'json') throw new InvalidArgumentError("the only other format is 'json'.");
      return format;
    })
    .addHelpText('after', '\nIt only reads: what if questions are answered on a copy.')
    .action(async (target: string, options: WhyOptions) => {
      const changes = changesOf(options);
      const { client } = await reachHub(options);
      try {
        const explanation = await why(client, target, options.namespace, changes);
        process.stdout.write(options.output === 'json' ? `${JSON.stringify(explanation, null, 2)}\n` : text(explanation));
      } finally {
        await client.close();
      }
    });
}

function changesOf(options: WhyOptions): Change[] {
  try {
    return [...options.if, ...options.without.map((cluster) => `without ${cluster}`)].map(parseChange);
  } catch (error) {
    if (error instanceof ChangeError) throw new UserError(`--if: ${error.message}`);
    throw error;
  }
}

async function why(client: HttpClient, target: string, namespace: string, changes: readonly Change[]): Promise<Explanation> {
  const [kind = '', name, stray] = target.split('/');
  if (name === undefined || name === '' || stray !== undefined) throw new UserError(`'${target}': say it as KIND/NAME, like deployment/hello`);
  const resource = await findKind(client, kind);
  try {
    return await explainTemplate(client, resource, resource.namespaced ? { namespace, name } : { name }, changes);
  } catch (error) {
    if (error instanceof ChangeError) throw new UserError(error.message);
    if (isNotFound(error))
      throw new UserError(
        `the hub has no ${resource.kind} '${name}'${resource.namespaced ? ` in namespace ${namespace}` : ''}`,
        'what is only in a member is explained by kubectl describe there',
      );
    throw error;
  }
}

interface ResourceList {
  groupVersion: string;
  resources?: { name: string; singularName?: string; kind: string; namespaced: boolean; shortNames?: string[] }[];
}

/** As kubectl takes kinds: plural, singular, short name or kind, each with or without `.group`. The groups that are asked for most come first. */
async function findKind(client: HttpClient, given: string): Promise<Resource<Unstructured>> {
  const dot = given.indexOf('.');
  const [word, wantedGroup] = dot < 0 ? [given.toLowerCase(), undefined] : [given.slice(0, dot).toLowerCase(), given.slice(dot + 1)];
  const { groups = [] } = await client.raw<{ groups?: { name: string; preferredVersion: { groupVersion: string } }[] }>('/apis');
  const order = ['apps', 'batch', ...groups.map((group) => group.name)];
  const sorted = groups.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  for (const path of ['/api/v1', ...sorted.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)]) {
    const { groupVersion, resources = [] } = await client.raw<ResourceList>(path);
    const [first = '', second] = groupVersion.split('/');
    const [group, version] = second === undefined ? ['', first] : [first, second];
    if (wantedGroup !== undefined && group !== wantedGroup) continue;
    const found = resources.find(
      ({ name, singularName, kind, shortNames = [] }) => !name.includes('/') && [name, singularName, kind.toLowerCase(), ...shortNames].includes(word),
    );
    if (found !== undefined) return { group, version, kind: found.kind, plural: found.name, namespaced: found.namespaced };
  }
  throw new UserError(`the hub serves no kind '${given}'`, 'kubectl api-resources lists all');
}

function text({ template, policies, placement, changed, clusters, problems }: Explanation): string {
  const parts = [`${template}\n`];
  parts.push(
    policies.length === 0
      ? '\nPolicies: there are none for it.\n'
      : `\nPolicies\n${indent(
          table(
            ['', 'POLICY', 'WHY'],
            policies.map((p) => [p.claims ? '*' : '', p.policy, p.why]),
          ),
        )}`,
  );
  if (placement !== undefined) parts.push(`\nPlacement\n${indent(`${placement.lines.join('\n')}\n`)}`);
  if (clusters !== undefined) {
    const rows = clusters.map(({ clusterName, applied, health, status }) => {
      const { readyReplicas, replicas } = (status ?? {}) as { readyReplicas?: number; replicas?: number };
      return [clusterName, applied === true ? 'yes' : 'no', health ?? '-', replicas === undefined ? '-' : `${readyReplicas ?? 0}/${replicas}`];
    });
    parts.push(`\nWhat clusters say\n${indent(table(['CLUSTER', 'APPLIED', 'HEALTH', 'READY'], rows))}`);
  }
  if (changed !== undefined) parts.push(`\nWhat if\n${indent(`${changed.lines.join('\n')}\n`)}`);
  parts.push(problems.length === 0 ? '\nNothing is in its way.\n' : `\nIn its way\n${indent(`${problems.join('\n')}\n`)}`);
  return parts.join('');
}

function indent(lines: string): string {
  return lines.replaceAll(/^(?=.)/gm, '  ');
}
