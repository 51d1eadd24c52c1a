import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { StatusError } from '../../kube/status.ts';
import type { CustomResourceDefinition, KubeObject } from '../../kube/types.ts';
import type { ResourceDefinition } from '../engine.ts';
import { testWorld, type TestWorld } from '../testing.ts';
import { testWebhook, type TestWebhook } from '../webhooks/testing.ts';
import { definitionsOf } from './definition.ts';

interface Review {
  request: { uid: string; desiredAPIVersion: string; objects: Thing[] };
}
interface Thing extends KubeObject {
  hostPort?: string;
  host?: string;
  port?: string;
}

/** v1 has `hostPort`, v2 has `host` and `port`: upstream's own example. */
function converted(thing: Thing, apiVersion: string): Thing {
  const { hostPort, host, port, ...rest } = thing;
  if (apiVersion.endsWith('/v2')) return { ...rest, apiVersion, host: hostPort!.split(':')[0]!, port: hostPort!.split(':')[1]! };
  return { ...rest, apiVersion, hostPort: `${host}:${port}` };
}

const review = (body: object): object => {
  const { uid, desiredAPIVersion, objects } = (body as Review).request;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    response: { uid, result: { status: 'Success' }, convertedObjects: objects.map((object) => converted(object, desiredAPIVersion)) },
  };
};

let hook: TestWebhook;
let world: TestWorld;
let v1: ResourceDefinition;
let v2: ResourceDefinition;
before(async () => {
  hook = await testWebhook(review);
  world = await testWorld();
  const text = { type: 'string' };
  const schema = (properties: object): object => ({ openAPIV3Schema: { type: 'object', properties } });
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: schema({ hostPort: text }) },
        { name: 'v2', served: true, storage: false, schema: schema({ host: text, port: text, extra: { type: 'string', default: 'x' } }) },
      ],
      conversion: {
        strategy: 'Webhook',
        webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: `https://127.0.0.1:${hook.port}/convert`, caBundle: hook.caBundle } },
      },
    },
  };
  world.engine.addDefinitions(definitionsOf(crd as unknown as CustomResourceDefinition));
  [v1, v2] = [world.definition('example.com/v1/things'), world.definition('example.com/v2/things')];
});
after(() => hook.close());

const thing = (name: string, fields: object, version: string): Thing =>
  ({ apiVersion: `example.com/${version}`, kind: 'Thing', metadata: { name }, ...fields }) as Thing;
const key = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name });

test('an object written in one version is read, listed and changed in another', async () => {
  await world.engine.create(v1, world.ctx, 'default', thing('a', { hostPort: 'h:1' }, 'v1'));
  const shown = (await world.engine.get(v2, world.ctx, key('a'))).object as Thing & { extra: string };
  assert.deepEqual([shown.apiVersion, shown.host, shown.port, shown.extra], ['example.com/v2', 'h', '1', 'x']);
  await world.engine.create(v2, world.ctx, 'default', thing('b', { host: 'i', port: '2' }, 'v2'));
  assert.equal(((await world.engine.get(v1, world.ctx, key('b'))).object as Thing).hostPort, 'i:2');
  const { items } = await world.engine.list(v2, world.ctx, { namespace: 'default' });
  assert.deepEqual(
    items.map(({ object }) => (object as Thing).host),
    ['h', 'i'],
  );
  await world.engine.patch(v2, world.ctx, key('a'), { port: '9' }, { type: 'merge' });
  assert.equal(((await world.engine.get(v1, world.ctx, key('a'))).object as Thing).hostPort, 'h:9');
  await world.engine.delete(v2, world.ctx, key('b'));
  assert.equal((await world.engine.list(v1, world.ctx, {})).items.length, 1);
});

test('a watch shows each change in the version asked for, in order', async () => {
  const watch = await world.engine.watch(v2, world.ctx, { resourceVersion: String(world.engine.revision) });
  await world.engine.create(v1, world.ctx, 'default', thing('w', { hostPort: 'w:1' }, 'v1'));
  await world.engine.patch(v1, world.ctx, key('w'), { hostPort: 'w:2' }, { type: 'merge' });
  const events: [string, string | undefined][] = [];
  while (events.length < 2) {
    await new Promise<void>((resolve) => watch.onReady(resolve));
    for (const event of watch.drain()) if (event.type !== 'BOOKMARK' && 'object' in event) events.push([event.type, (event.object.object as Thing).port]);
  }
  assert.deepEqual(events, [
    ['ADDED', '1'],
    ['MODIFIED', '2'],
  ]);
  watch.close();
});

test('a conversion that fails is an answer, not a loss', async () => {
  await world.engine.create(v1, world.ctx, 'default', thing('f', { hostPort: 'f:1' }, 'v1'));
  hook.answer = (body) => ({ ...review(body), response: { uid: (body as unknown as Review).request.uid, result: { status: 'Failed', message: 'no way' } } });
  const error: unknown = await world.engine.get(v2, world.ctx, key('f')).catch((why: unknown) => why);
  assert.ok(error instanceof StatusError);
  assert.equal(error.message, 'conversion webhook for example.com/v1, Kind=Thing failed: no way');
  hook.answer = (body) => review(body);
  assert.equal(((await world.engine.get(v2, world.ctx, key('f'))).object as Thing).port, '1');
});
