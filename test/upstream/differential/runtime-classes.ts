/** What pods get from their runtime class, and which are refused for it. */
import { NAMESPACE, type Case } from './case.ts';

const CLASS = `runtime-${NAMESPACE}`;
const post = (path: string, body: object) => ({ method: 'POST', path, body });
const runtimeClass = (more: object) => post('/apis/node.k8s.io/v1/runtimeclasses', { metadata: { name: CLASS }, handler: 'runc', ...more });
const pod = (spec: object) =>
  post(`/api/v1/namespaces/${NAMESPACE}/pods`, {
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }], runtimeClassName: CLASS, ...spec },
  });
const gone = { method: 'DELETE', path: `/apis/node.k8s.io/v1/runtimeclasses/${CLASS}` };

const overhead = { podFixed: { cpu: '100m', memory: '64Mi' } };
const tolerations = (...list: object[]) => ({ tolerations: list });
const exists = (key: string, more: object = {}) => ({ key, operator: 'Exists', ...more });

const classes: [string, object, object][] = [
  ['overhead is copied', { overhead }, {}],
  ['the same overhead in other words', { overhead }, { overhead: { cpu: '0.1', memory: '64Mi' } }],
  ['another overhead', { overhead }, { overhead: { cpu: '1' } }],
  ['overhead without one in the class', {}, { overhead: { cpu: '1' } }],
  ['overhead without a class', {}, { runtimeClassName: undefined, overhead: { cpu: '1' } }],
  ['an empty overhead', { overhead: {} }, {}],
  ['a class that is not there', {}, { runtimeClassName: 'absent' }],
  ['a class of an impossible name', {}, { runtimeClassName: 'Not Valid!' }],
  ['a node selector', { scheduling: { nodeSelector: { a: '1' } } }, {}],
  ['two node selectors', { scheduling: { nodeSelector: { a: '1', b: '2' } } }, { nodeSelector: { b: '2', c: '3' } }],
  ['node selectors that contradict', { scheduling: { nodeSelector: { a: '1' } } }, { nodeSelector: { a: '2' } }],
  ['tolerations', { scheduling: tolerations(exists('a'), { key: 'b', operator: 'Equal', value: 'x', effect: 'NoSchedule' }) }, {}],
  ['tolerations that are there already', { scheduling: tolerations(exists('a')) }, tolerations(exists('a'), exists('b'))],
  [
    'tolerations that tolerate more',
    { scheduling: tolerations(exists('a'), { operator: 'Exists', effect: 'NoExecute' }) },
    tolerations(exists('a', { effect: 'NoSchedule' }), { key: 'a', operator: 'Equal', value: 'v' }, exists('b', { effect: 'NoExecute', tolerationSeconds: 5 })),
  ],
];

export function runtimeClassCases(): Case[] {
  return classes.map(([name, ofClass, ofPod]) => ({ name: `runtime class: ${name}`, steps: [runtimeClass(ofClass), pod(ofPod), gone] }));
}
