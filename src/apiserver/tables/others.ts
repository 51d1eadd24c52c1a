/** Tables of the other built-in kinds: networking, revisions, devices, and those that show no more than when they were made. */
import { getCondition, type Condition } from '../../kube/conditions.ts';
import { humanDuration } from '../../kube/duration.ts';
import { formatLabelSelector } from '../../kube/selectors.ts';
import type { LabelSelector, Unstructured } from '../../kube/types.ts';
import { AGE, ageOf, NAME, NONE, type Printer } from './columns.ts';
import { at, items, named, simple, text } from './fields.ts';

/** Name and the moment of creation: kinds without a printer of their own upstream. */
const createdAt = simple([NAME, ['Created At:date', 'metadata#creationTimestamp']], (o) => [named(o), o.metadata.creationTimestamp ?? '']);

const TAINT = 'resource.k8s.io/v1/DeviceTaint';
const MAX_HOSTS = 3;

function hosts(ingress: Unstructured): string {
  const rules = items(ingress, 'spec', 'rules');
  const shown: string[] = [];
  let more = false;
  for (const rule of rules) {
    more ||= shown.length === MAX_HOSTS;
    if (!more && text(rule, 'host') !== '') shown.push(text(rule, 'host'));
  }
  if (shown.length === 0) return '*';
  return shown.join(',') + (more ? ` + ${rules.length - MAX_HOSTS} more...` : '');
}

function parameters(ingressClass: Unstructured): string {
  const reference = at(ingressClass, 'spec', 'parameters');
  if (reference === undefined) return NONE;
  const group = text(reference, 'apiGroup');
  return `${text(reference, 'kind')}${group === '' ? '' : `.${group}`}/${text(reference, 'name')}`;
}

function parentRef(address: Unstructured): string {
  const parent = at(address, 'spec', 'parentRef');
  if (parent === undefined) return NONE;
  const [group, namespace] = [text(parent, 'group'), text(parent, 'namespace')];
  const resource = `${text(parent, 'resource')}${group === '' ? '' : `.${group}`}`.toLowerCase();
  return [resource, ...(namespace === '' ? [] : [namespace]), text(parent, 'name')].join('/');
}

function claimState(claim: Unstructured): string {
  const allocated = at(claim, 'status', 'allocation') !== undefined;
  const deleted = claim.metadata.deletionTimestamp !== undefined;
  const states = [...(deleted ? ['deleted'] : []), ...(allocated ? ['allocated'] : deleted ? [] : ['pending'])];
  if (allocated && items(claim, 'status', 'reservedFor').length > 0) states.push('reserved');
  return states.join(',');
}

const containers = (template: Unstructured, field: string): string =>
  items(template, 'template', 'spec', 'containers')
    .map((container) => text(container, field))
    .join(',');

export const otherPrinters: Record<string, Printer> = {
  'rbac.authorization.k8s.io/Role': createdAt,
  'rbac.authorization.k8s.io/ClusterRole': createdAt,
  'apiextensions.k8s.io/CustomResourceDefinition': createdAt,
  'storage.k8s.io/CSIStorageCapacity': createdAt,
  '/LimitRange': createdAt,
  '/PodTemplate': simple(
    [
      NAME,
      ['Containers', 'Names of each container in the template.'],
      ['Images', 'Images referenced by each container in the template.'],
      ['Pod Labels', 'The labels for the pod template.'],
    ],
    (o) => [
      named(o),
      containers(o, 'name'),
      containers(o, 'image'),
      formatLabelSelector({ matchLabels: (at(o, 'template', 'metadata', 'labels') as Record<string, string> | undefined) ?? {} }),
    ],
  ),
  'networking.k8s.io/Ingress': simple(
    [
      NAME,
      ['Class', 'The name of the IngressClass resource that should be used for additional configuration'],
      ['Hosts', 'Hosts that incoming requests are matched against before the ingress rule'],
      ['Address', 'Address is a list containing ingress points for the load-balancer'],
      ['Ports', 'Ports of TLS configurations that open'],
      AGE,
    ],
    (o, now) => {
      const addresses = items(o, 'status', 'loadBalancer', 'ingress').map((i) => text(i, 'ip') || text(i, 'hostname'));
      return [
        named(o),
        text(o, 'spec', 'ingressClassName') || NONE,
        hosts(o),
        [...new Set(addresses)].toSorted().join(','),
        items(o, 'spec', 'tls').length > 0 ? '80, 443' : '80',
        ageOf(o, now),
      ];
    },
  ),
  'networking.k8s.io/IngressClass': simple(
    [
      NAME,
      ['Controller', 'Controller that is responsible for handling this class'],
      ['Parameters', 'A reference to a resource with additional parameters'],
      AGE,
    ],
    (o, now) => [
      `${named(o)}${o.metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true' ? ' (default)' : ''}`,
      text(o, 'spec', 'controller'),
      parameters(o),
      ageOf(o, now),
    ],
  ),
  'networking.k8s.io/NetworkPolicy': simple([NAME, ['Pod-Selector', 'networking.k8s.io/v1/NetworkPolicySpec#podSelector'], AGE], (o, now) => [
    named(o),
    formatLabelSelector(at(o, 'spec', 'podSelector') as LabelSelector),
    ageOf(o, now),
  ]),
  'networking.k8s.io/ServiceCIDR': simple([NAME, ['CIDRs', 'networking.k8s.io/v1/ServiceCIDRSpec#cidrs'], AGE], (o, now) => [
    named(o),
    items(o, 'spec', 'cidrs').join(','),
    ageOf(o, now),
  ]),
  // Upstream's rows have an age for which there is no column.
  'networking.k8s.io/IPAddress': simple([NAME, ['ParentRef', 'networking.k8s.io/v1/IPAddressSpec#parentRef']], (o, now) => [
    named(o),
    parentRef(o),
    ageOf(o, now),
  ]),
  '/ResourceQuota': simple(
    [
      NAME,
      ['Request', 'Request represents a minimum amount of cpu/memory that a container may consume.'],
      ['Limit', 'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.'],
      AGE,
    ],
    (o, now) => {
      const hard = (at(o, 'status', 'hard') ?? {}) as Record<string, string>;
      const shown = (wanted: (name: string) => boolean): string =>
        Object.entries(hard)
          .filter(([name]) => wanted(name))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, limit]) => `${name}: ${text(o, 'status', 'used', name) || '0'}/${limit}`)
          .join(', ');
      return [named(o), shown((name) => !name.startsWith('limits.')), shown((name) => name.startsWith('limits.')), ageOf(o, now)];
    },
  ),
  // The schema's metadata has no such field, and so no text.
  'node.k8s.io/RuntimeClass': simple([NAME, ['Handler', ''], AGE], (o, now) => [named(o), text(o, 'handler'), ageOf(o, now)]),
  'apps/ControllerRevision': simple([NAME, ['Controller', 'Controller of the object'], ['Revision', 'apps/v1/ControllerRevision#revision'], AGE], (o, now) => {
    const owner = o.metadata.ownerReferences?.find((reference) => reference.controller);
    const group = owner?.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';
    return [named(o), owner ? `${owner.kind}${group}`.toLowerCase() + `/${owner.name}` : NONE, Number(at(o, 'revision') ?? 0), ageOf(o, now)];
  }),
  '/ComponentStatus': simple(
    [
      NAME,
      ['Status', 'Status of the component conditions'],
      ['Message', 'Message of the component conditions'],
      ['Error', 'Error of the component conditions'],
    ],
    (o) => {
      const healthy = getCondition(items(o, 'conditions') as unknown as Condition[], 'Healthy');
      return [named(o), healthy?.status === 'True' ? 'Healthy' : 'Unhealthy', healthy?.message ?? '', ''];
    },
  ),
  'autoscaling/Scale': simple(
    [NAME, ['Desired:integer', 'autoscaling/v1/ScaleSpec#replicas'], ['Available:integer', 'autoscaling/v1/ScaleStatus#replicas'], AGE],
    (o, now) => [named(o), Number(at(o, 'spec', 'replicas') ?? 0), Number(at(o, 'status', 'replicas') ?? 0), ageOf(o, now)],
  ),
  'resource.k8s.io/ResourceClaim': simple([NAME, ['State', 'A summary of the current state (allocated, pending, reserved, etc.).'], AGE], (o, now) => [
    named(o),
    claimState(o),
    ageOf(o, now),
  ]),
  'resource.k8s.io/DeviceTaintRule': simple(
    [NAME, ['Key', `${TAINT}#key`], ['Value', `${TAINT}#value`], ['Effect', `${TAINT}#effect`], ['TimeAdded', `${TAINT}#timeAdded`], AGE],
    (o, now) => {
      const added = text(o, 'spec', 'taint', 'timeAdded');
      const taint = ['key', 'value', 'effect'].map((name) => text(o, 'spec', 'taint', name));
      return [named(o), ...taint, added === '' ? '' : humanDuration(now - Date.parse(added)), ageOf(o, now)];
    },
  ),
  'resource.k8s.io/ResourceSlice': simple(
    [
      NAME,
      ['Node', 'resource.k8s.io/v1/ResourceSliceSpec#nodeName'],
      ['Driver', 'resource.k8s.io/v1/ResourceSliceSpec#driver'],
      ['Pool', 'resource.k8s.io/v1/ResourcePool#name'],
      AGE,
    ],
    (o, now) => [named(o), text(o, 'spec', 'nodeName'), text(o, 'spec', 'driver'), text(o, 'spec', 'pool', 'name'), ageOf(o, now)],
  ),
};

export const defaultPrinter = simple([NAME, AGE], (o, now) => [named(o), ageOf(o, now)]);
