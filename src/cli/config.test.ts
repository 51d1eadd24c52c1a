import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkMetrics, checkName, checkNodes, checkPort } from './config.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { parseFleet } from './fleet-file.ts';

test('durations are read and written in the Kubernetes way', () => {
  for (const [text, ms] of [
    ['20s', 20_000],
    ['2m', 120_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1h', 3_600_000],
  ] as const) {
    assert.equal(parseDuration(text), ms);
    assert.equal(formatDuration(ms), text);
  }
  assert.equal(parseDuration('1.5s'), 1500);
  assert.equal(parseDuration('0'), 0);
  for (const text of ['', '20', 's', '20x', '20s!', '-1s']) assert.throws(() => parseDuration(text), /write it like/, text);
});

test('bad options name themselves and the mend', () => {
  assert.deepEqual(checkNodes('1..3', '--nodes'), { min: 1, max: 3 });
  assert.deepEqual(checkNodes(2, '--nodes'), { min: 2, max: 2 });
  for (const nodes of ['3..1', 'x', '0', '1..251']) assert.throws(() => checkNodes(nodes, '--nodes'), /^Error: --nodes: .* like 1\.\.5/, nodes);
  assert.throws(() => checkPort('70000', '--port'), /--port: '70000': must be a port number/);
  for (const [value, setting] of [
    [true, 'on'],
    ['off', 'off'],
    ['http://10.0.0.5:9090/', 'http://10.0.0.5:9090'],
  ] as const)
    assert.equal(checkMetrics(value, '--metrics'), setting);
  for (const value of ['yes', 'https://prometheus.example', 'http://host/path'])
    assert.throws(() => checkMetrics(value, '--metrics'), /--metrics: .* must be on, off, or the address of a Prometheus like http:/);
  assert.throws(() => checkName('Big', '--name'), /--name: 'Big': a lowercase RFC 1123 label/);
  assert.throws(() => checkName('x'.repeat(41), '--name'), /no more than 40/);
});

test('fleet.yaml describes a cluster; its errors name the field', () => {
  const fleet = `clusters:\n- name: eu\n  bootDelay: 20s\n  expander: price\n  nodePools:\n  - type: g6-standard-4\n    nodes: 0..3\n`;
  const wishes = { name: 'eu', bootDelayMs: 20_000, expander: 'price', pools: [{ name: 'pool-1', type: 'g6-standard-4', min: 0, max: 3 }] };
  assert.deepEqual(parseFleet(fleet, 'fleet.yaml'), { clusters: [{ isHub: false, wishes }] });
  for (const [source, error] of [
    ['regions: []', /fleet.yaml: regions: unknown field/],
    ['clusters: []', /clusters: must be a list with at least one cluster/],
    ['clusters: [{colour: red}]', /clusters\[0\]\.colour: unknown field; known are name/],
    ['clusters: [{bootDelay: soon}]', /clusters\[0\]\.bootDelay: 'soon' is not a duration/],
    ['clusters: [{nodePools: [{nodes: 1}]}]', /nodePools\[0\]\.type: is missing/],
    ['clusters: [{nodePools: [{type: g6-standard-2, name: x}, {type: g6-standard-4, name: x}]}]', /two pools are named 'x'/],
    ['clusters: [{nodePools: [{type: g6-none}]}]', /nodePools\[0\]\.type: 'g6-none': there is no such instance type; some are g6-/],
    ['a: [', /fleet.yaml: /],
  ] as const)
    assert.throws(() => parseFleet(source, 'fleet.yaml'), error, source);
});

test('fleet.yaml describes a hub and its members; each has a name, and one is the hub', () => {
  const fleet = 'name: world\nclusters:\n- {name: centre, hub: true}\n- {name: eu, region: eu-west, zone: a, provider: local, bootDelay: 1s}\n';
  assert.deepEqual(parseFleet(fleet, 'fleet.yaml'), {
    name: 'world',
    clusters: [
      { isHub: true, wishes: { name: 'centre' } },
      { isHub: false, region: 'eu-west', zone: 'a', provider: 'local', wishes: { name: 'eu', bootDelayMs: 1000 } },
    ],
  });
  for (const [source, error] of [
    ['clusters: [{name: a, hub: true}, {hub: false}]', /clusters\[1\]\.name: is missing/],
    ['clusters: [{name: a, hub: true}, {name: a}]', /two are named 'a'/],
    ['clusters: [{name: a}, {name: b}]', /0 have 'hub: true'; exactly one/],
    ['clusters: [{name: a, hub: true}, {name: b, hub: true}]', /2 have 'hub: true'/],
    ['clusters: [{name: a, hub: sure}]', /clusters\[0\]\.hub: must be true or false/],
    ['clusters: [{name: a, region: 3}]', /clusters\[0\]\.region: must be a text/],
  ] as const)
    assert.throws(() => parseFleet(source, 'fleet.yaml'), error, source);
});
