import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseLabelSelector } from '../../kube/selectors.ts';
import type { Pod } from '../../kube/types.ts';
import type { Informer, InformerHandler } from '../../runtime/informer.ts';
import { ObjectStore } from '../../runtime/object-store.ts';
import { PodSelection } from './selection.ts';

const pod = (name: string, labels: Record<string, string>, namespace = 'default'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels },
});

/** An informer that is told. */
class Told implements Informer<Pod> {
  readonly #store = new ObjectStore<Pod>();
  #handler: InformerHandler<Pod> = {};

  put(object: Pod): void {
    this.#handler.upsert?.(object, this.#store.put(object));
  }

  remove(object: Pod): void {
    const old = this.#store.remove(object);
    if (old !== undefined) this.#handler.delete?.(old);
  }

  onChange(handler: InformerHandler<Pod>): () => void {
    this.#handler = handler;
    return () => {};
  }

  synced = async (): Promise<void> => {};
  get: Informer<Pod>['get'] = (key) => this.#store.get(key);
  list: Informer<Pod>['list'] = (namespace) => this.#store.list(namespace);
  byIndex: Informer<Pod>['byIndex'] = (index, value) => this.#store.byIndex(index, value);
  addIndex: Informer<Pod>['addIndex'] = (name, values) => this.#store.addIndex(name, values);
}

const names = (pods: readonly Pod[]): (string | undefined)[] => pods.map(({ metadata }) => metadata.name).toSorted();

test('pods that come, change their labels or go are seen at once', () => {
  const pods = new Told();
  const selection = new PodSelection(pods);
  const web = { namespace: 'default', name: 'web' };
  pods.put(pod('a', { app: 'web' }));
  assert.deepEqual(names(selection.select(web, 'app=web').pods), ['a']);
  pods.put(pod('b', { app: 'web', hash: '1' }));
  pods.put(pod('c', { app: 'web' }, 'other'));
  assert.deepEqual(names(selection.select(web, 'app=web').pods), ['a', 'b']);
  pods.put(pod('a', { app: 'db' }));
  assert.deepEqual(names(selection.select(web, 'app=web').pods), ['b']);
  pods.remove(pod('b', {}));
  assert.deepEqual(selection.select(web, 'app=web').pods, []);
  assert.deepEqual(names(selection.select(web, 'app in (db,web),hash!=1').pods), ['a']);
});

test('who else selects a pod is known until it is forgotten, or selects something else', () => {
  const pods = new Told();
  const selection = new PodSelection(pods);
  const key = (name: string) => ({ namespace: 'default', name });
  pods.put(pod('a', { app: 'web', tier: 'front' }));
  selection.select(key('one'), 'app=web');
  assert.deepEqual(selection.select(key('two'), 'tier in (front)').by, ['default/one', 'default/two']);
  assert.deepEqual(selection.select(key('two'), 'tier=back').by, []);
  assert.deepEqual(selection.select(key('one'), 'app=web').by, ['default/one']);
  selection.select(key('two'), 'tier=front');
  selection.forget(key('two'));
  assert.deepEqual(selection.select(key('one'), 'app=web').by, ['default/one']);
});

const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'zone'), fc.constantFrom('a', 'b'), { maxKeys: 3 });
const selectors = fc.constantFrom('app=a', 'app==b,tier=a', 'tier in (a,b)', 'zone!=a', 'app,zone=b', '!tier', 'tier notin (b),app=a');

test('whatever the selector, what is found by a label is what a look at every pod finds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), labels)), fc.array(selectors, { minLength: 1, maxLength: 4 }), (writes, texts) => {
      const pods = new Told();
      const selection = new PodSelection(pods);
      const hpas = texts.map((text, i) => ({ key: { namespace: 'default', name: `hpa-${i}` }, text }));
      for (const { key, text } of hpas) selection.select(key, text);
      for (const [i, with_] of writes) pods.put(pod(`p${i}`, with_));
      for (const { key, text } of hpas) {
        const expected = pods.list('default').filter(({ metadata }) => parseLabelSelector(text)(metadata.labels));
        const { pods: found, by } = selection.select(key, text);
        assert.deepEqual(names(found), names(expected));
        const others = hpas.filter((other) => expected.some(({ metadata }) => parseLabelSelector(other.text)(metadata.labels)));
        assert.deepEqual(
          by,
          others.map((other) => `default/${other.key.name}`),
        );
      }
    }),
  );
});
