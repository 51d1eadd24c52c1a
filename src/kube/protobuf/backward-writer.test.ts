import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BackwardWriter } from './backward-writer.ts';
import { WireReader } from './wire.ts';

test('what is written backwards is read forwards', () => {
  const field = fc.record({ text: fc.string({ maxLength: 300 }), int: fc.maxSafeInteger(), double: fc.double({ noNaN: true }) }, { noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const writer = new BackwardWriter();
      for (const { text, int, double } of fields.toReversed())
        writer.message(17, () => {
          writer.double(3, double);
          writer.int(2, int);
          writer.text(1, text);
        });
      const reader = new WireReader(writer.finish());
      for (const wanted of fields) {
        assert.equal(reader.tag().number, 17);
        const inner = new WireReader(reader.bytes());
        const read = { text: (inner.tag(), inner.text()), int: (inner.tag(), inner.int()), double: (inner.tag(), inner.double()) };
        assert.deepEqual(read, wanted);
        assert.equal(inner.more(), false);
      }
      assert.equal(reader.more(), false);
    }),
  );
});

test('the buffer grows as it must', () => {
  const writer = new BackwardWriter();
  const long = 'x'.repeat(300_000);
  writer.text(2, 'end');
  writer.text(1, long);
  const reader = new WireReader(writer.finish());
  reader.tag();
  assert.equal(reader.text(), long);
  reader.tag();
  assert.equal(reader.text(), 'end');
});
