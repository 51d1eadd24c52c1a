import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../store/stored-object.ts';
import { Lines } from './lines.ts';

const stored = (name: string, size = 1) => encode(1, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { filling: 'x'.repeat(size) } } as never);
const parsed = (line: Buffer): { type: string; object: { metadata: { name: string } } } => JSON.parse(line.toString());

test('a change is one line, put together once for all who are told of it', () => {
  const lines = new Lines();
  const [a, b] = [stored('a'), stored('b')];
  const line = lines.of('ADDED', a);
  assert.equal(line.at(-1), 10);
  assert.deepEqual([parsed(line).type, parsed(line).object.metadata.name], ['ADDED', 'a']);
  assert.equal(lines.of('ADDED', a), line);
  assert.equal(parsed(lines.of('DELETED', a)).type, 'DELETED');
  assert.equal(parsed(lines.of('ADDED', b)).object.metadata.name, 'b');
  assert.equal(parsed(lines.of('ADDED', a)).type, 'ADDED');
});

test('the same lines are joined once, others anew', () => {
  const lines = new Lines();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => lines.of('ADDED', stored(name))) as [Buffer, Buffer, Buffer];
  const both = lines.join([a, b], a.length + b.length);
  assert.deepEqual(both, Buffer.concat([a, b]));
  assert.equal(lines.join([a, b], a.length + b.length), both);
  assert.deepEqual(lines.join([a, c], a.length + c.length), Buffer.concat([a, c]));
  assert.deepEqual(lines.join([a, b, c], a.length + b.length + c.length), Buffer.concat([a, b, c]));
  assert.equal(lines.join([c], c.length), c);
});

test('many large changes are not all kept', () => {
  const lines = new Lines();
  const large = Array.from({ length: 20 }, (_, i) => stored(`large-${i}`, 1_000_000));
  const first = lines.of('ADDED', large[0]!);
  for (const each of large) lines.of('ADDED', each);
  assert.notEqual(lines.of('ADDED', large[0]!), first);
  assert.deepEqual(lines.of('ADDED', large[0]!), first);
});
