import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventCorrelator } from './event-correlator.ts';

const fresh = () => ({ name: 'pod.abc', namespace: 'default' });

test('the same event counts up', () => {
  const correlator = new EventCorrelator();
  const identity = { subject: 's', group: 'g', message: 'm' };
  assert.deepEqual(correlator.judge(identity, 1000, fresh), { drop: false, message: 'm', isNew: true, record: { ...fresh(), count: 1, firstMs: 1000 } });
  assert.deepEqual(correlator.judge(identity, 2000, fresh), { drop: false, message: 'm', isNew: false, record: { ...fresh(), count: 2, firstMs: 1000 } });
});

test('a source may record 25 events about an object, then one each 5 minutes', () => {
  const correlator = new EventCorrelator();
  const identity = { subject: 's', group: 'g', message: 'm' };
  const dropped = (nowMs: number) => correlator.judge(identity, nowMs, fresh).drop;
  for (let i = 0; i < 25; i++) assert.equal(dropped(0), false);
  assert.equal(dropped(0), true);
  assert.equal(dropped(299_000), true);
  assert.equal(dropped(300_001), false);
  assert.equal(dropped(300_002), true);
  assert.equal(correlator.judge({ ...identity, subject: 'another' }, 300_002, fresh).drop, false);
});

test('many different messages of one reason are folded into one event', () => {
  const correlator = new EventCorrelator();
  const verdicts = Array.from({ length: 12 }, (_, i) => correlator.judge({ subject: 's', group: 'g', message: `m${i}` }, 0, fresh));
  const last = verdicts.at(-1);
  assert.ok(last && !last.drop);
  assert.equal(last.message, '(combined from similar events): m11');
  assert.equal(last.record.count, 2);
});
