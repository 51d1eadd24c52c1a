import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ODD_UID, EVEN_UID } from './testing/worlds.ts';
import { allocate, tieOrder, type Party, type TieOrder } from './webster.ts';

function seats(parties: readonly Party[]): Record<string, number> {
  return Object.fromEntries(parties.map(({ name, seats }) => [name, seats]));
}

function party(name: string, votes: number, seats = 0, max?: number): Party {
  return { name, votes, seats, ...(max !== undefined && { max }) };
}

test('seats of four parties are handed out as in the textbook, one after the other', () => {
  const parties = [party('a', 100_000), party('b', 80_000), party('c', 30_000), party('d', 20_000)];
  const table = ['1000', '1100', '2100', '2110', '2210', '2211', '3211', '3311'];
  for (const [i, expected] of table.entries()) {
    assert.equal(Object.values(seats(allocate(i + 1, parties, 'ascending').parties)).join(''), expected);
  }
});

test('of equals the one with fewer seats wins, then the name decides, in the order of the UID', () => {
  assert.deepEqual(seats(allocate(1, [party('A', 3, 1), party('B', 1, 0)], 'ascending').parties), { A: 1, B: 1 });
  assert.deepEqual(seats(allocate(1, [party('A', 3, 1), party('B', 1, 0)], 'descending').parties), { A: 1, B: 1 });
  assert.deepEqual(seats(allocate(1, [party('A', 1), party('B', 1)], 'ascending').parties), { A: 1, B: 0 });
  assert.deepEqual(seats(allocate(1, [party('A', 1), party('B', 1)], 'descending').parties), { A: 0, B: 1 });
  assert.deepEqual(seats(allocate(2, [party('New', 1), party('Old', 1, 1)], 'ascending').parties), { New: 2, Old: 1 });
});

test('seats are added to those that parties have', () => {
  const have = [party('A', 1, 1), party('B', 2, 2), party('C', 3, 3)];
  const expected = { 2: { A: 1, B: 3, C: 4 }, 3: { A: 2, B: 3, C: 4 }, 6: { A: 2, B: 4, C: 6 } };
  for (const [more, result] of Object.entries(expected)) assert.deepEqual(seats(allocate(Number(more), have, 'ascending').parties), result);
});

test('a UID of odd hash turns the order of names around, an even one and none do not', () => {
  assert.equal(tieOrder(ODD_UID), 'descending');
  assert.equal(tieOrder(EVEN_UID), 'ascending');
  assert.equal(tieOrder(''), 'ascending');
  assert.equal(tieOrder(undefined), 'ascending');
});

test('a tie is told only when it decided who went without', () => {
  assert.deepEqual(allocate(10, [party('ap', 1), party('eu', 1), party('us', 1)], 'ascending').tie, { among: ['ap', 'eu', 'us'], won: ['ap'] });
  assert.equal(allocate(9, [party('ap', 1), party('eu', 1), party('us', 1)], 'ascending').tie, undefined);
  assert.equal(allocate(1, [party('ap', 2), party('eu', 1)], 'ascending').tie, undefined);
  assert.deepEqual(allocate(1, [party('ap', 1, 5), party('eu', 9), party('us', 9)], 'descending').tie, { among: ['eu', 'us'], won: ['us'] });
});

test('nobody gets more than its bound, nobody without votes gets any, and what is left is told', () => {
  assert.deepEqual(allocate(10, [party('a', 5, 0, 3), party('b', 1)], 'ascending').parties, [party('a', 5, 3, 3), party('b', 1, 7)]);
  const full = allocate(10, [party('a', 5, 0, 3), party('b', 1, 1, 2), party('c', 0)], 'ascending');
  assert.deepEqual(seats(full.parties), { a: 3, b: 2, c: 0 });
  assert.equal(full.left, 6);
  assert.equal(allocate(3, [], 'ascending').left, 3);
});

/** The definition, step by step. */
function oneByOne(count: number, parties: readonly Party[], order: TieOrder): Record<string, number> {
  const held = parties.map((party) => ({ ...party }));
  for (let i = 0; i < count; i++) {
    const open = held.filter((party) => party.votes > 0 && party.seats < (party.max ?? Infinity));
    const worth = (party: Party) => party.votes / (2 * party.seats + 1);
    open.sort((a, b) => worth(b) - worth(a) || a.seats - b.seats || (a.name < b.name === (order === 'ascending') ? -1 : 1));
    if (open[0]) open[0].seats++;
  }
  return seats(held.sort((a, b) => (a.name < b.name ? -1 : 1)));
}

const someParties = fc
  .array(fc.record({ votes: fc.integer({ min: 0, max: 40 }), seats: fc.integer({ min: 0, max: 30 }), room: fc.option(fc.integer({ min: 0, max: 50 })) }), {
    maxLength: 8,
  })
  .map((list) => list.map(({ votes, seats, room }, i) => party(`p${i}`, votes, seats, room === null ? undefined : seats + room)));

test('many seats at once are the same as one by one', () => {
  fc.assert(
    fc.property(someParties, fc.integer({ min: 0, max: 400 }), fc.constantFrom<TieOrder>('ascending', 'descending'), (parties, count, order) => {
      assert.deepEqual(seats(allocate(count, parties, order).parties), oneByOne(count, parties, order));
    }),
    { numRuns: 500 },
  );
});

test('two thousand million seats are divided at once, and to the last', () => {
  const parties = Array.from({ length: 100 }, (_, i) => party(`p${i}`, 1 + (i % 7), i % 3));
  const count = 2 ** 31 - 1;
  const { parties: held, left } = allocate(count, parties, 'descending');
  const votes = parties.reduce((sum, { votes }) => sum + votes, 0);
  assert.equal(left, 0);
  assert.equal(
    held.reduce((sum, { seats }) => sum + seats, 0),
    count + 99,
  );
  for (const { votes: own, seats } of held) assert.ok(Math.abs(seats - (count * own) / votes) < 100);
});
