/** What kubernetes-models' type declarations say of a type: JSON names, what is required, descriptions. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const MODELS = dirname(require.resolve('kubernetes-models/package.json'));
const MACHINERY = join(MODELS, '../@kubernetes-models/apimachinery');

const GROUP_DIRS: Record<string, string> = {
  core: '',
  apps: 'apps',
  batch: 'batch',
  autoscaling: 'autoscaling',
  policy: 'policy',
  networking: 'networking.k8s.io',
  rbac: 'rbac.authorization.k8s.io',
  scheduling: 'scheduling.k8s.io',
  storage: 'storage.k8s.io',
  coordination: 'coordination.k8s.io',
  discovery: 'discovery.k8s.io',
  events: 'events.k8s.io',
  node: 'node.k8s.io',
  admissionregistration: 'admissionregistration.k8s.io',
  authentication: 'authentication.k8s.io',
  authorization: 'authorization.k8s.io',
  certificates: 'certificates.k8s.io',
  flowcontrol: 'flowcontrol.apiserver.k8s.io',
  resource: 'resource.k8s.io',
};

export interface Model {
  description: string;
  isKind: boolean;
  fields: Map<string, { required: boolean; description: string }>;
}

const models = new Map<string, Model | undefined>();

/** By OpenAPI name; undefined when the package does not have the type. */
export function modelOf(name: string): Model | undefined {
  if (!models.has(name)) models.set(name, read(name));
  return models.get(name);
}

function fileOf(name: string): string | undefined {
  const parts = name.split('.');
  const type = parts.at(-1) ?? '';
  if (name.startsWith('io.k8s.apimachinery.pkg.apis.meta.v1.')) return join(MACHINERY, 'apis/meta/v1', `${type}.d.ts`);
  if (name.startsWith('io.k8s.apiextensions-apiserver.')) return join(MODELS, 'apiextensions.k8s.io/v1', `${type}.d.ts`);
  if (name.startsWith('io.k8s.kube-aggregator.')) return join(MODELS, 'apiregistration.k8s.io/v1', `${type}.d.ts`);
  const match = /^io\.k8s\.api\.(\w+)\.(\w+)\./.exec(name);
  const dir = match && GROUP_DIRS[match[1] ?? ''];
  return match && dir !== undefined && dir !== null ? join(MODELS, dir, match[2] ?? '', `${type}.d.ts`) : undefined;
}

function read(name: string): Model | undefined {
  const file = fileOf(name);
  let text: string;
  try {
    text = file ? readFileSync(file, 'utf8') : '';
  } catch {
    return undefined;
  }
  const body = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?export interface I\w+( extends TypeMeta)? \{\n([\s\S]*?)\n\}/.exec(text);
  if (!body) return undefined;
  const fields: Model['fields'] = new Map();
  const pattern = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^ {4}"([^"]+)"(\??):/gm;
  for (const [, comment, field = '', optional] of (body[3] ?? '').matchAll(pattern)) {
    const typeMeta = body[2] !== undefined && (field === 'apiVersion' || field === 'kind');
    fields.set(field, { required: optional === '' && !typeMeta, description: plain(comment) });
  }
  return { description: plain(body[1]), isKind: body[2] !== undefined, fields };
}

/** A comment's text, without what kept it from ending early and what tools read. */
function plain(comment: string | undefined): string {
  return (comment ?? '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .replace(/\\([*/])/g, '$1')
    .replace(/\n*@deprecated\s*$/, '')
    .trim();
}
