/** Structs that are replaced and owned as one (x-kubernetes-map-type: atomic): the npm packages the table is made from do not say so. */
const NAMES: Record<string, readonly string[]> = {
  'api.core.v1': [
    'ConfigMapKeySelector',
    'EndpointAddress',
    'EndpointPort',
    'FileKeySelector',
    'LocalObjectReference',
    'NodeSelector',
    'NodeSelectorTerm',
    'ObjectFieldSelector',
    'ObjectReference',
    'ResourceFieldSelector',
    'ScopeSelector',
    'SecretKeySelector',
    'SecretReference',
    'TopologySelectorTerm',
    'TypedLocalObjectReference',
  ],
  'api.autoscaling.v1': ['CrossVersionObjectReference'],
  'api.discovery.v1': ['EndpointPort'],
  'api.networking.v1': ['ServiceBackendPort'],
  'api.rbac.v1': ['RoleRef', 'Subject'],
  'api.admissionregistration.v1': ['MatchResources', 'NamedRuleWithOperations', 'ParamKind', 'ParamRef', 'Variable'],
  'apimachinery.pkg.apis.meta.v1': ['LabelSelector', 'OwnerReference'],
};

const atomic = new Set(Object.entries(NAMES).flatMap(([prefix, names]) => names.map((name) => `io.k8s.${prefix}.${name}`)));

/** By OpenAPI name. */
export function isAtomicType(name: string): boolean {
  return atomic.has(name);
}
