/** Who writes an admission policy lets it read its parameters: nobody lends a right that they do not have. */
import { equalJson } from '../../kube/json.ts';
import { invalid } from '../../kube/status.ts';
import { forbiddenField } from '../../kube/validation/field.ts';
import type { RequestContext } from '../engine.ts';
import type { AdmissionPolicy, ParamKind, PolicyBinding } from '../policies/types.ts';
import { lookUp } from '../registry/world.ts';
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts';

const GROUP = 'admissionregistration.k8s.io';
const POLICIES = new Set(['validatingadmissionpolicies', 'mutatingadmissionpolicies']);
const BINDINGS: Record<string, string> = {
  validatingadmissionpolicybindings: 'validatingadmissionpolicies',
  mutatingadmissionpolicybindings: 'mutatingadmissionpolicies',
};

export const policyParams: AdmissionPlugin = {
  name: 'PolicyParams',
  conclude(request) {
    const { group, plural } = request.definition;
    if (group !== GROUP || request.subresource !== undefined) return undefined;
    if (POLICIES.has(plural)) checkPolicy(request);
    else if (BINDINGS[plural] !== undefined) checkBinding(request, BINDINGS[plural]);
    return undefined;
  },
};

function checkPolicy(request: AdmissionRequest): void {
  const { paramKind } = (request.object as AdmissionPolicy).spec;
  const before = (request.old as AdmissionPolicy | undefined)?.spec.paramKind;
  if (paramKind === undefined || (before !== undefined && equalJson(paramKind, before))) return;
  const { group, plural = '*' } = resourceOf(request, paramKind);
  if (request.world.authorizer.allows(request.ctx.user, { verb: 'get', group, plural, name: '*', namespace: '*' })) return;
  const which = `(kind=${paramKind.kind}, apiVersion=${paramKind.apiVersion})`;
  refuse(request, 'spec.paramKind', `user ${shown(request.ctx)} must have "get" permission on all objects of the referenced paramKind ${which}`);
}

function checkBinding(request: AdmissionRequest, policies: string): void {
  const { spec } = request.object as PolicyBinding;
  const before = (request.old as PolicyBinding | undefined)?.spec;
  const { paramRef, policyName } = spec;
  if (paramRef === undefined || (equalJson(paramRef, before?.paramRef ?? null) && policyName === before?.policyName)) return;
  const policy = lookUp<AdmissionPolicy>(request.world, GROUP, policies, policyName);
  const { group, plural } = policy?.spec.paramKind === undefined ? { group: '*', plural: '*' } : resourceOf(request, policy.spec.paramKind);
  const verb = paramRef.name ? 'get' : 'list';
  const { name, namespace } = paramRef;
  const where = { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }) };
  if (request.world.authorizer.allows(request.ctx.user, { verb, group, plural: plural ?? '*', ...where })) return;
  const who = `user ${shown(request.ctx)} does not have "${verb}" permission`;
  const unknown =
    policy === undefined
      ? `get policy ${policyName}`
      : plural === undefined
        ? `resolve paramKind &ParamKind{APIVersion:${policy.spec.paramKind?.apiVersion},Kind:${policy.spec.paramKind?.kind},}`
        : undefined;
  const why =
    unknown === undefined
      ? `${who} on the object referenced by paramRef`
      : `unable to ${unknown} to determine minimum required permissions and ${who} for all groups, versions and resources`;
  refuse(request, 'spec.paramRef', why);
}

/** Without a name in URLs where nothing of the kind is served. */
function resourceOf({ world }: AdmissionRequest, { apiVersion, kind }: ParamKind): { group: string; plural?: string } {
  const slash = apiVersion.indexOf('/');
  const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  const found = world.definitions().find((one) => one.group === group && one.version === version && one.kind === kind);
  return found === undefined ? { group } : { group, plural: found.plural };
}

function refuse({ definition, key }: AdmissionRequest, field: string, why: string): never {
  throw invalid({ group: GROUP, kind: definition.kind, name: key.name }, [forbiddenField(field, why)]);
}

/** As Go prints a user. */
function shown({ user: { name, uid = '', groups, extra = {} } }: RequestContext): string {
  const more = Object.keys(extra)
    .toSorted()
    .map((key) => `${key}:[${(extra[key] ?? []).join(' ')}]`);
  return `&{${name} ${uid} [${groups.join(' ')}] map[${more.join(' ')}]}`;
}
