import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CelError, CompileError, compileExpression, isBudgetExceeded, types, wrap } from './index.ts';

const self: types.Type = {
  kind: 'object',
  name: 'Self',
  fields: () =>
    new Map<string, types.Type>([
      ['replicas', types.INT],
      ['name', types.STRING],
      ['namespace', types.STRING],
      ['ratio', types.DOUBLE],
      ['tags', types.list(types.STRING)],
      ['labels', types.map(types.STRING, types.STRING)],
      ['port', types.DYN],
      ['a-b.c/d', types.INT],
      ['at', types.TIMESTAMP],
    ]),
};
const object = {
  replicas: 3,
  name: 'web',
  namespace: 'ns',
  ratio: 2,
  tags: ['a', 'b', 'c'],
  labels: { app: 'x', 'a-b': 'y' },
  port: 80,
  'a-b.c/d': 7,
  at: '2024-02-29T10:11:12.5Z',
};
const evaluate = (source: string): unknown => compileExpression(source, { self }).evaluate([wrap(object, self)]);

const TRUE = [
  'self.replicas == 3 && self.replicas < 4',
  'self.ratio == 2.0 && self.ratio > 1.5',
  'self.name.startsWith("w") && self.name.size() == 3',
  'self.__namespace__ == "ns"',
  'self.a__dash__b__dot__c__slash__d == 7',
  'has(self.name) && !has(self.labels.nothing)',
  'self.tags.all(t, t in ["a", "b", "c"])',
  'self.tags.exists(t, t == "b") && self.tags.exists_one(t, t == "c")',
  'self.tags.map(t, t + "!") == ["a!", "b!", "c!"]',
  'self.tags.map(t, t != "a", t.upperAscii()).join("-") == "B-C"',
  'self.tags.filter(t, t > "a").size() == 2',
  'self.labels.all(k, self.labels[k].size() == 1)',
  'self.labels["a-b"] == "y" && "app" in self.labels',
  'self.labels.all(k, v, k != v)',
  'self.tags.transformList(i, t, i).sum() == 3',
  'self.labels.transformMap(k, v, v + k)["app"] == "xapp"',
  'type(self.port) == int && (type(self.port) == string ? self.port == "80" : self.port == 80)',
  'self.labels.?app.orValue("z") == "x" && self.labels[?"no"].orValue("z") == "z"',
  'self.labels.?app.optMap(v, v + "!").value() == "x!" && !optional.none().hasValue()',
  '[3, 1, 2].sort() == [1, 2, 3] && [3, 1, 2].sortBy(i, -i) == [3, 2, 1] && [1, 2].reverse() == [2, 1]',
  '[1, 2, 2].distinct() == [1, 2] && [[1], [2]].flatten() == [1, 2] && lists.range(3).slice(1, 3) == [1, 2]',
  '[7, 8].first().value() == 7 && [7, 8].last().value() == 8 && ![].first().hasValue()',
  '[1, 2, 3].isSorted() && [1, 2, 3].sum() == 6 && [3, 1].min() == 1 && [3, 1].max() == 3',
  '[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2',
  '"abc".find("[bc]+") == "bc" && "123 abc 456".findAll("[0-9]+") == ["123", "456"]',
  '"foo.example.com".matches("^[a-z]+(\\\\.[a-z]+)*$")',
  'quantity("1Gi") == quantity("1024Mi") && quantity("500m").isLessThan(quantity("1"))',
  'quantity("1.5k").asInteger() == 1500 && quantity("1").add(quantity("500m")).compareTo(quantity("1500m")) == 0',
  'url("https://u.example:8080/p?a=1&a=2").getPort() == "8080" && url("https://h/p?a=1&a=2").getQuery()["a"] == ["1", "2"]',
  'isURL("https://a.b/c") && !isURL("../x") && url("https://a.b/c").getHost() == "a.b"',
  'ip("10.0.0.1").family() == 4 && isIP("::1") && ip("::1").isLoopback() && !isIP("256.1.1.1")',
  'cidr("10.0.0.0/8").containsIP("10.1.2.3") && cidr("10.0.0.0/8").containsCIDR(cidr("10.2.0.0/16")) && cidr("10.1.0.0/8").masked() == cidr("10.0.0.0/8")',
  'format.dns1123Label().validate("Not a label").hasValue() && !format.named("dns1123Label").value().validate("ok").hasValue()',
  'semver("1.2.3").isLessThan(semver("1.10.0")) && semver("1.0.0-rc.1").compareTo(semver("1.0.0")) == -1 && isSemver("v1.0", true)',
  'sets.contains([1, 2], [2]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 1, 2], [2, 1])',
  '"%s has %d".format(["x", 3]) == "x has 3" && "%.2f".format([1.5]) == "1.50"',
  '"hello".substring(1, 3) == "el" && "a,b,c".split(",").size() == 3 && "hello".charAt(4) == "o" && " a ".trim() == "a"',
  'duration("1h30m").getMinutes() == 90 && timestamp("2024-01-01T00:00:00Z") + duration("24h") == timestamp("2024-01-02T00:00:00Z")',
  'self.at.getDayOfMonth() == 28 && self.at.getFullYear() == 2024 && self.at.getMilliseconds() == 500',
  'int("12") + int(3.9) == 15 && string(12) == "12" && double("1.5") == 1.5 && uint(3) == 3u',
  'dyn(1) == 1.0 && dyn(1u) == 1 && -9223372036854775808 < 0 && 7 / 2 == 3 && -7 % 3 == -1',
  '(1 / 0 == 1) || true',
  '!(false && (1 / 0 == 1))',
  'b"\\x61" == bytes("a") && r"\\d" == "\\\\d" && "\\u00e9" == "é" && """a"b""" == "a\\"b"',
  '{"a": 1}.a == 1 && {"a": 1, ?"b": optional.none()}.size() == 1 && [1, ?optional.of(2)].size() == 2',
  'dyn(1) != "1" && null == null',
];
for (const source of TRUE) test(`${source} holds`, () => assert.equal(evaluate(source), true));

const REFUSED: [string, RegExp][] = [
  ['self.missing', /^ERROR: <input>:1:5: undefined field 'missing'\n \| self\.missing\n \| \.\.\.\.\^$/],
  ['other == 1', /undeclared reference to 'other' \(in container ''\)/],
  ['self.replicas == "a"', /<input>:1:15: found no matching overload for '_==_' applied to '\(int, string\)'/],
  ['self.replicas + self.name', /found no matching overload for '_\+_' applied to '\(int, string\)'/],
  ['self.name.sign()', /found no matching overload for 'sign' applied to 'string\.\(\)'/],
  ['self.replicas && true', /expected type 'bool' but found 'int'/],
  ['self.replicas.all(x, true)', /cannot be range of a comprehension/],
  ['self. + 1', /Syntax error/],
  ['"abc', /Syntax error/],
  ['1 = 2', /Syntax error/],
  ['(1', /Syntax error/],
  ['99999999999999999999', /invalid int literal/],
  ['nope(1)', /undeclared reference to 'nope'/],
  ["self.name.matches('(')", /1:19: invalid matches argument/],
  ["duration('x') > duration('1s')", /1:10: invalid duration argument/],
  ['timestamp(9007199254740991) == self.at', /invalid timestamp argument/],
  ['nope == 1 || none == 2', /1:1: undeclared reference to 'nope'[^]*1:14: undeclared reference to 'none'/],
  ['package', /reserved identifier: package/],
];
for (const [source, why] of REFUSED)
  test(`${source} does not compile`, () =>
    assert.throws(
      () => evaluate(source),
      (error) => error instanceof CompileError && why.test(error.message),
    ));

const FAILS: [string, string][] = [
  ['1 / 0 == 1', 'division by zero'],
  ['self.labels.nothing == "x"', 'no such key: nothing'],
  ['self.tags[9] == "x"', 'index out of bounds: 9'],
  ['self.port.size() == 1', 'no such overload: size'],
  ['dyn(null).isLoopback()', 'no such overload: isLoopback(null_type)'],
  ['9223372036854775807 + 1 == 0', 'integer overflow'],
  ['"a".matches(self.name + "(")', 'error parsing regexp: missing closing ): `web(`'],
];
for (const [source, why] of FAILS)
  test(`${source} ends in an error`, () =>
    assert.throws(
      () => evaluate(source),
      (error) => error instanceof CelError && error.message === why,
    ));

test('an expression must be of the type that is wanted', () => {
  assert.throws(() => compileExpression('1', {}, types.BOOL), /must evaluate to bool/);
});

test('an expression that would run for ever runs out of its budget', () => {
  const list = wrap(Array.from({ length: 2_000 }, (_, i) => i));
  const program = compileExpression('l.all(a, l.all(b, l.all(c, a + b + c >= 0)))', { l: types.list(types.INT) });
  assert.throws(() => program.evaluate([list]), isBudgetExceeded);
});
