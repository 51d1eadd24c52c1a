/** `argosy calc`: what fits on a node, and which instance type suits a request. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { bar } from './demo/chart.ts';
import { instanceType, similarTypes } from '../cloud/catalogue/index.ts';
import type { InstanceType } from '../cloud/provider.ts';
import { byteCount, cpuMillis, formatMillis, isQuantity } from '../kube/quantity.ts';
import { fitOn, offers, placeholderOn, type Fit, type Offer, type PlaceholderFit, type Request } from '../scaling/calculator.ts';

interface CalcOptions {
  type: InstanceType;
  requests: Request;
  replicas: number;
  daemonset: Request[];
  placeholder?: Request;
  provider?: string;
  output: 'text' | 'json';
}

const DEFAULT_TYPE = 'g6-standard-2';
const BAR_WIDTH = 50;
const OFFERS_SHOWN = 8;

export function calcCommand(): Command {
  return new Command('calc')
    .description('how a node splits, how many replicas fit, what is wasted, and the best instance type')
    .addOption(new Option('--type <name>', 'instance type to look at').argParser(parseType).default(parseType(DEFAULT_TYPE), DEFAULT_TYPE))
    .requiredOption('--requests <cpu=..,memory=..>', 'what one replica asks for: cpu=250m,memory=1G', parseRequest)
    .option('--replicas <n>', 'how many replicas to place, for the comparison of types', parseCount, 1)
    .addOption(
      new Option('--daemonset <cpu=..,memory=..>', 'a pod that every node runs; may be repeated')
        .argParser((text: string, list: Request[]) => [...list, parseRequest(text)])
        .default([] as Request[], 'none'),
    )
    .option('--placeholder <cpu=..,memory=..>', 'a placeholder pod: can it ever fit, and does it hold its node', parseRequest)
    .addOption(new Option('--provider <name>', 'compare only types of this provider').choices(['lke', 'eks', 'gke', 'aks']))
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExample:\n  argosy calc --type g6-standard-2 --requests cpu=200m,memory=0.8G --replicas 10 --placeholder cpu=900m,memory=3.8G\n')
    .action((options: CalcOptions) => calc(options));
}

function parseType(name: string): InstanceType {
  const type = instanceType(name);
  if (!type) throw new InvalidArgumentError(`there is no instance type '${name}' in the catalogue; near it: ${similarTypes(name).join(', ')}.`);
  return type;
}

function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number of at least 1.');
  return value;
}

function parseRequest(text: string): Request {
  const request: Request = { cpuMillis: 0, memoryBytes: 0 };
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=').map((piece) => piece.trim());
    if (name !== 'cpu' && name !== 'memory') throw new InvalidArgumentError(`'${part}': expected cpu=QUANTITY or memory=QUANTITY.`);
    if (!isQuantity(value)) throw new InvalidArgumentError(`'${value}' is no quantity; write 250m, 1.5, 512Mi or 1G.`);
    if (name === 'cpu') request.cpuMillis = cpuMillis(value);
    else request.memoryBytes = byteCount(value);
  }
  if (request.cpuMillis < 0 || request.memoryBytes < 0) throw new InvalidArgumentError('quantities must not be negative.');
  if (request.cpuMillis === 0 && request.memoryBytes === 0) throw new InvalidArgumentError('ask for some cpu or memory.');
  return request;
}

function calc(options: CalcOptions): void {
  const fit = fitOn(options.type, options.requests, options.daemonset);
  const placeholder = options.placeholder && placeholderOn(options.type, options.placeholder, options.requests, options.daemonset);
  const all = offers(options.requests, options.replicas, { daemonSets: options.daemonset, ...(options.provider ? { provider: options.provider } : {}) });
  if (options.output === 'json')
    process.stdout.write(`${JSON.stringify({ node: fit, ...(placeholder ? { placeholder } : {}), replicas: options.replicas, offers: all }, null, 2)}\n`);
  else process.stdout.write(render(options, fit, placeholder, all));
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} Mi`;
const cpu = (millis: number): string => formatMillis(millis);
const dollars = (usd: number): string => `$${usd.toFixed(2)}`;

function aligned(rows: readonly (readonly string[])[], indent = '  '): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map(
      (row) =>
        indent +
        row
          .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
          .join('   ')
          .trimEnd(),
    )
    .join('\n');
}

function splitRows({ split, daemons, replicas, wasted }: Fit, request: Request): string[][] {
  const total = split.nominal.memoryBytes;
  const line = (name: string, memoryBytes: number, cpuMillis_: number | undefined): string[] => [
    name,
    mebibytes(memoryBytes),
    cpuMillis_ === undefined ? '' : cpu(cpuMillis_),
    `${((memoryBytes / total) * 100).toFixed(1)} %`,
    '',
  ];
  const rows = [
    line('kernel and firmware', split.kernel.memoryBytes, undefined),
    line('kubelet and system', split.reserved.memoryBytes, split.reserved.cpuMillis),
    line('eviction threshold', split.eviction.memoryBytes, undefined),
    line('daemon sets', daemons.memoryBytes, daemons.cpuMillis),
    line(`${replicas} replica${replicas === 1 ? '' : 's'}`, replicas * request.memoryBytes, replicas * request.cpuMillis),
    line('wasted', wasted.memoryBytes, wasted.cpuMillis),
  ];
  return rows.map((row, i) => [
    ...row.slice(0, 4),
    bar(
      [
        split.kernel.memoryBytes,
        split.reserved.memoryBytes,
        split.eviction.memoryBytes,
        daemons.memoryBytes,
        replicas * request.memoryBytes,
        wasted.memoryBytes,
      ][i]! / total,
      BAR_WIDTH,
    ),
  ]);
}

function render(options: CalcOptions, fit: Fit, placeholder: PlaceholderFit | undefined, all: readonly Offer[]): string {
  const { type, split } = fit;
  const lines = [
    `${type.name} (${type.provider}): ${type.vcpus} vCPU, ${type.memoryMiB} MiB, ${dollars(type.monthlyUsd)} a month`,
    '',
    alignedSplit([['', 'MEMORY', 'CPU', 'SHARE', ''], ...splitRows(fit, options.requests)]),
    '',
    `  pods may ask for ${mebibytes(split.pods.memoryBytes)} and ${cpu(split.pods.cpuMillis)} cpu, at most ${split.maxPods} pods`,
    fit.replicas === 0
      ? `  no replica fits: one asks for ${mebibytes(options.requests.memoryBytes)} and ${cpu(options.requests.cpuMillis)} cpu, there is room for ${mebibytes(fit.room.memoryBytes)} and ${cpu(fit.room.cpuMillis)}`
      : `  ${fit.replicas} replicas fit; ${fit.limitedBy} is what stops one more`,
  ];
  if (placeholder) lines.push(`  ${placeholderText(placeholder, fit)}`);
  const [best] = all;
  if (best === undefined) lines.push('', 'No type of the catalogue can take it.');
  else {
    const count = `${options.replicas} replica${options.replicas === 1 ? '' : 's'}`;
    lines.push(
      '',
      `Best for ${count}: ${best.nodes} × ${best.fit.type.name} (${best.fit.type.provider}), ${dollars(best.monthlyUsd)} a month`,
      '',
      offerTable(all.slice(0, OFFERS_SHOWN)),
    );
  }
  lines.push('', '  Prices of EKS, GKE and AKS are approximate list prices of their first US regions.', '');
  return `${lines.join('\n')}\n`;
}

function alignedSplit(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map(
      (row) =>
        `  ${row
          .map((cell, column) => (column === 0 || column === 4 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
          .join('   ')
          .trimEnd()}`,
    )
    .join('\n');
}

function placeholderText({ request, fits, holdsNode }: PlaceholderFit, fit: Fit): string {
  const size = `a placeholder of ${mebibytes(request.memoryBytes)} and ${cpu(request.cpuMillis)} cpu`;
  if (!fits) return `${size} can never fit: an empty node has room for ${mebibytes(fit.room.memoryBytes)} and ${cpu(fit.room.cpuMillis)} cpu`;
  return holdsNode
    ? `${size} fits and holds a node for itself: a replica must displace it`
    : `${size} fits, but a replica still fits beside it: make it larger to hold the node`;
}

function offerTable(shown: readonly Offer[]): string {
  const rows = shown.map(({ fit, nodes, monthlyUsd, usedShare }) => [
    fit.type.name,
    fit.type.provider,
    String(fit.replicas),
    String(nodes),
    dollars(monthlyUsd),
    dollars(fit.type.monthlyUsd / fit.replicas),
    `${Math.round(usedShare * 100)} %`,
  ]);
  return aligned([['TYPE', 'PROVIDER', 'PER NODE', 'NODES', 'A MONTH', 'PER REPLICA WHEN FULL', 'USED'], ...rows]);
}
