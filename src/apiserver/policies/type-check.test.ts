import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CustomResourceDefinition, KubeObject } from '../../kube/types.ts';
import { controllerContext, runControllers } from '../../runtime/context.ts';
import { silentLogger as log } from '../../runtime/log.ts';
import { seededRandom } from '../../runtime/random.ts';
import { definitionsOf } from '../crd/definition.ts';
import { builtinResources } from '../resources/index.ts';
import { testWorld } from '../testing.ts';
import { policyStatusController } from './status.ts';
import { expressionWarnings } from './type-check.ts';
import type { ValidatingAdmissionPolicy } from './types.ts';

type Spec = ValidatingAdmissionPolicy['spec'];

const crontabs: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'crontabs.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', kind: 'CronTab' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { replicas: { type: 'integer' }, 'a-b': { type: 'string' } } } },
          },
        },
      },
    ],
  },
};
const definitions = [...builtinResources, ...definitionsOf(crontabs)];

const rule = (apiGroup: string, ...resources: string[]) => ({ apiGroups: [apiGroup], apiVersions: ['v1'], operations: ['*'], resources });
const deployments = { matchConstraints: { resourceRules: [rule('apps', 'deployments')] } };

const of = (spec: Spec): ValidatingAdmissionPolicy => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'checked' },
  spec,
});
/** Of one expression; '' where there is nothing to say. */
function warning(spec: Spec, expression: string): string {
  const [found, ...more] = expressionWarnings(of({ ...spec, validations: [{ expression }] }), definitions);
  assert.deepEqual(more, []);
  return found?.warning ?? '';
}

test('expressions that do not fit the kinds a policy names are told, in upstream’s words', () => {
  const why = (kind: string, column: number, what: string, expression: string) =>
    `${kind}: ERROR: <input>:1:${column}: ${what}\n | ${expression}\n | ${'.'.repeat(column - 1)}^\n`;
  const greater = "object.spec.replicas > '1'";
  const message = "'wants more than ' + object.spec.replicas";
  const overload = "found no matching overload for '_>_' applied to '(int, string)'";
  assert.deepEqual(expressionWarnings(of({ ...deployments, validations: [{ expression: greater, messageExpression: message }] }), definitions), [
    { fieldRef: 'spec.validations[0].expression', warning: why('apps/v1, Kind=Deployment', 22, overload, greater) },
    {
      fieldRef: 'spec.validations[0].messageExpression',
      warning: why('apps/v1, Kind=Deployment', 20, "found no matching overload for '_+_' applied to '(string, int)'", message),
    },
  ]);
  assert.equal(warning(deployments, 'object.spec.replicas > 1 && oldObject.metadata.labels.a == "b"'), '');
  const both = { matchConstraints: { resourceRules: [rule('apps', 'deployments', 'replicasets', 'statefulsets/scale'), rule('', 'nothing')] } };
  const strategy = "object.spec.strategy == 'x'";
  assert.equal(
    warning(both, strategy),
    [
      why('apps/v1, Kind=Deployment', 22, "found no matching overload for '_==_' applied to '(Deployment.spec.strategy, string)'", strategy),
      why('apps/v1, Kind=ReplicaSet', 12, "undefined field 'strategy'", strategy),
    ].join('\n'),
  );
  const secrets = { matchConstraints: { resourceRules: [rule('', 'secrets')] } };
  assert.equal(
    warning(secrets, 'object.data.a == 1'),
    why('/v1, Kind=Secret', 15, "found no matching overload for '_==_' applied to '(bytes, int)'", 'object.data.a == 1'),
  );
});

test('custom kinds, parameters and variables are of their types', () => {
  const custom = { matchConstraints: { resourceRules: [rule('example.com', 'crontabs')] } };
  assert.equal(warning(custom, 'object.spec.replicas > 1 && object.spec.a__dash__b == "x" && object.metadata.labels.x == "y"'), '');
  assert.match(warning(custom, 'object.spec.maxRetries < 10'), /^example\.com\/v1, Kind=CronTab: ERROR: <input>:1:12: undefined field 'maxRetries'/);
  const more = { ...deployments, paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, variables: [{ name: 'n', expression: 'object.spec.replicas' }] };
  assert.match(warning(more, 'params.data.x == 1'), /\(string, int\)/);
  assert.match(warning(more, "variables.n == 'x'"), /\(int, string\)/);
  assert.equal(warning({ ...more, paramKind: { apiVersion: 'example.com/v9', kind: 'Unknown' } }, 'params.anything == 1'), '');
});

test('rules about all groups, versions or resources name no kind', () => {
  const everything = [{ ...rule('*', 'pods') }, { ...rule('', 'pods'), apiVersions: ['*'] }, { ...rule('', '*') }];
  for (const one of everything) assert.equal(warning({ matchConstraints: { resourceRules: [one] } }, 'object.nothing == 1'), '');
});

test('the status says what was found in each generation, under a name of its own', async () => {
  const { engine, client, clock, ctx, definition } = await testWorld();
  const policies = definition('admissionregistration.k8s.io/v1/validatingadmissionpolicies');
  const context = controllerContext({ client, clock, random: seededRandom(1), log });
  const abort = new AbortController();
  const ended = runControllers(context, [policyStatusController(context, () => engine.definitions())], abort.signal);
  const read = async () => (await engine.get(policies, ctx, { name: 'checked' })).object as ValidatingAdmissionPolicy;
  const until = async (generation: number) => {
    assert.ok(await clock.runUntil(async () => (await read()).status?.observedGeneration === generation, 10_000), `generation ${generation} was not looked at`);
    return read();
  };
  await engine.create(policies, ctx, undefined, of({ ...deployments, validations: [{ expression: "object.spec.replicas > '1'" }] }) as KubeObject);
  const first = await until(1);
  assert.equal(first.status?.typeChecking?.expressionWarnings?.length, 1);
  assert.ok(first.metadata.managedFields?.some(({ manager, operation }) => manager === 'validatingadmissionpolicy-status' && operation === 'Apply'));
  const validations = [{ expression: 'object.spec.replicas > 1' }];
  await engine.patch(policies, ctx, { name: 'checked' }, { spec: { validations } }, { type: 'merge' });
  // What it applied before and does not now goes, and with it the object it was in: as upstream.
  assert.deepEqual((await until(2)).status, { observedGeneration: 2 });
  abort.abort();
  await ended;
});
