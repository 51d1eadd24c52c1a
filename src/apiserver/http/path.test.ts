import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResourcePath } from './path.ts';

const cases: [path: string, parsed: object | undefined][] = [
  ['/api/v1/pods', { group: '', version: 'v1', plural: 'pods', rest: '/' }],
  ['/api/v1/namespaces', { group: '', version: 'v1', plural: 'namespaces', rest: '/' }],
  ['/api/v1/namespaces/', { group: '', version: 'v1', plural: 'namespaces', rest: '/' }],
  ['/api/v1/namespaces/a', { group: '', version: 'v1', plural: 'namespaces', name: 'a', rest: '/' }],
  ['/api/v1/namespaces/a/finalize', { group: '', version: 'v1', plural: 'namespaces', name: 'a', subresource: 'finalize', rest: '/' }],
  ['/api/v1/namespaces/a/status', { group: '', version: 'v1', plural: 'namespaces', name: 'a', subresource: 'status', rest: '/' }],
  ['/api/v1/namespaces/a/pods', { group: '', version: 'v1', namespace: 'a', plural: 'pods', rest: '/' }],
  ['/api/v1/namespaces/a/pods/p/log', { group: '', version: 'v1', namespace: 'a', plural: 'pods', name: 'p', subresource: 'log', rest: '/' }],
  ['/api/v1/namespaces/a/pods/p/proxy/x/y', { group: '', version: 'v1', namespace: 'a', plural: 'pods', name: 'p', subresource: 'proxy', rest: '/x/y' }],
  ['/api/v1/nodes/n', { group: '', version: 'v1', plural: 'nodes', name: 'n', rest: '/' }],
  ['/apis/apps/v1/deployments', { group: 'apps', version: 'v1', plural: 'deployments', rest: '/' }],
  [
    '/apis/apps/v1/namespaces/a/deployments/d/scale',
    { group: 'apps', version: 'v1', namespace: 'a', plural: 'deployments', name: 'd', subresource: 'scale', rest: '/' },
  ],
  [
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
    { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'clusterroles', name: 'system:node', rest: '/' },
  ],
  ['/api/v1', undefined],
  ['/apis/apps/v1', undefined],
  ['/version', undefined],
  ['/', undefined],
  ['/api/v1/namespaces/a/pods/p/log/more', undefined],
];

for (const [path, parsed] of cases) {
  test(`${path} is ${parsed === undefined ? 'no resource' : JSON.stringify(parsed)}`, () => assert.deepEqual(parseResourcePath(path), parsed));
}

test('escapes that are none are refused', () => assert.throws(() => parseResourcePath('/api/v1/pods/%zz'), { code: 400 }));
