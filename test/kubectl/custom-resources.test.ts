import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { customResourceController } from '../../src/apiserver/crd/controller.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot();
let api: TestApi;

before(async () => {
  if (skip) return;
  api = await startTestApi({ controllers: (ctx, { engine }) => [customResourceController(ctx, engine)] });
});
after(() => api?.close());

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.test}
spec:
  group: example.test
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
    additionalPrinterColumns:
    - {name: Colour, type: string, jsonPath: .spec.colour}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas, priority: 1}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [colour]
            properties:
              colour: {type: string, description: What it is painted with., enum: [red, blue]}
              replicas: {type: integer, default: 1, minimum: 0}
          status: {type: object, properties: {replicas: {type: integer}}}
`;
const WIDGET = 'apiVersion: example.test/v1\nkind: Widget\nmetadata: {name: one}\nspec: {colour: red}\n';

test('a definition becomes a resource that kubectl finds, prints, explains, scales and checks', { skip }, async () => {
  await api.apply(DEFINITION);
  await api.kubectl('wait', '--for=condition=Established', 'crd/widgets.example.test', '--timeout=20s');
  assert.equal(await api.apply(WIDGET), 'widget.example.test/one created\n');
  assert.equal(await api.apply(WIDGET), 'widget.example.test/one unchanged\n');
  assert.equal(await api.apply(WIDGET.replace('red', 'blue')), 'widget.example.test/one configured\n');
  assert.match(await api.kubectl('get', 'wd'), /^NAME +COLOUR\none +blue\n$/);
  assert.match(await api.kubectl('get', 'widget', '-o', 'wide'), /NAME +COLOUR +REPLICAS\none +blue +1/);
  assert.match(await api.kubectl('get', 'all'), /widget\.example\.test\/one/);
  assert.match(await api.kubectl('explain', 'widget.spec.colour'), /What it is painted with\./);
  await api.kubectl('scale', 'widget', 'one', '--replicas=3');
  assert.equal(await api.kubectl('get', 'wd', 'one', '-o', 'jsonpath={.spec.replicas}'), '3');
  await api.kubectl('patch', 'widget', 'one', '--type=merge', '-p', '{"spec":{"replicas":4}}');
  assert.match(
    (await api.kubectlRaw(['apply', '-f', '-'], WIDGET.replace('red', 'green'))).stderr,
    /spec\.colour: Unsupported value: "green": supported values: "red", "blue"/,
  );
  assert.match((await api.kubectlRaw(['apply', '-f', '-'], WIDGET.replace('colour', 'color'))).stderr, /unknown field "spec\.color"/);
  await api.kubectl('delete', 'widget', 'one');
  await api.kubectl('delete', 'crd', 'widgets.example.test');
  assert.match((await api.kubectlRaw(['get', 'widgets'])).stderr, /the server doesn't have a resource type "widgets"|could not find the requested resource/);
});
