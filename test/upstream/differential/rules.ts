/** x-kubernetes-validations asked of both servers: which rules are refused, and what the others say of values. */
import { type Peer, until } from '../peer.ts';
import { type Case, MERGE_PATCH } from './case.ts';

type Schema = Record<string, unknown>;

interface RuleSample {
  schema: Schema;
  rule: string;
  values: readonly unknown[];
}

const text: Schema = { type: 'string', maxLength: 60 };
const integer: Schema = { type: 'integer' };
const number: Schema = { type: 'number' };
const flag: Schema = { type: 'boolean' };
const list = (items: Schema): Schema => ({ type: 'array', maxItems: 8, items });
const map = (values: Schema): Schema => ({ type: 'object', maxProperties: 8, additionalProperties: values });
const object = (properties: Record<string, Schema>, more: Schema = {}): Schema => ({ type: 'object', properties, ...more });
const point = object({ x: integer, y: integer, name: text });

const rules = (schema: Schema, values: readonly unknown[], ...texts: string[]): RuleSample[] => texts.map((rule) => ({ schema, rule, values }));

/** Upstream takes these: values are then judged by them. */
const GOOD: readonly RuleSample[] = [
  ...rules(
    text,
    ['', 'abc', 'Hello World', 'a,b,c', '  padded  ', 'über', '日本語', 'x'.repeat(50)],
    "self.startsWith('a')",
    "self.endsWith('c')",
    "self.contains('b')",
    'size(self) > 3',
    'self.size() == 3',
    "self.matches('^[a-z]+$')",
    "self.matches('b')",
    "self.find('[a-z]+') == 'abc'",
    "self.findAll('[a-z]').size() > 2",
    "self.findAll('[a-z]', 2).size() == 2",
    "self.lowerAscii() == 'hello world'",
    "self.upperAscii() == 'ABC'",
    "self.replace('a', 'x') == 'xbc'",
    "self.replace('a', 'x', 1) != self",
    "self.split(',').size() == 3",
    "self.split(',', 2).size() == 2",
    "self.trim() == 'padded'",
    "self.substring(0, 1) == 'a'",
    "self.substring(1) == 'bc'",
    "self.charAt(0) == 'a'",
    "self.indexOf('b') == 1",
    "self.indexOf('b', 2) == -1",
    "self.lastIndexOf('l') == 9",
    "self < 'b'",
    "self >= 'abc'",
    "self + 'd' == 'abcd'",
    "self in ['abc', 'x']",
    'strings.quote(self) == \'"abc"\'',
    "'%s!'.format([self]) == 'abc!'",
    "'%d %s %.2f %x %b %o %e'.format([1, self, 1.5, 255, 5, 8, 1234.5]) == ''",
    'self.size() > 0 ? self == self : false',
    'format.dns1123Label().validate(self).hasValue()',
    '!format.dns1123Subdomain().validate(self).hasValue()',
    "format.named('dns1123Label').hasValue()",
    'format.labelValue().validate(self).hasValue() == false',
    'format.qualifiedName().validate(self).hasValue() == false',
    "bytes(self) == b'abc'",
    'size(bytes(self)) < 5',
    "self.split('').all(c, c.size() == 1)",
    "self.split('').filter(c, c == 'l').size() == 3",
    "self.split(',').exists_one(p, p == 'a')",
    'string(self) == self',
    'type(self) == string',
    "dyn(self) == 'abc'",
    "self == 'a' || self == 'abc' && true",
    "self.matches('^(a|b)*c?$')",
    "self.matches(r'\\w+')",
    "self.matches('(?i)HELLO.*')",
    "self.matches('\\\\p{L}+')",
    "[self].all(s, s.startsWith('a'))",
  ),
  ...rules(
    text,
    ['1', '-5', '12x', '', '9223372036854775807', '9223372036854775808', '1.5', 'true', 'TRUE', 't', 'False'],
    'int(self) > 0',
    'double(self) > 0.0',
    'uint(self) > 0u',
    'bool(self)',
  ),
  ...rules(
    text,
    ['1h', '90m', '1h30m15s', '-1s', '10ms', 'x', '', '1d', '2000h'],
    "duration(self) > duration('1m')",
    'duration(self).getSeconds() == 5400',
    'duration(self).getMilliseconds() > 0',
    'duration(self).getHours() == 1 || duration(self).getMinutes() == 90',
    "duration(self) + duration('1h') == duration('2h')",
  ),
  ...rules(
    text,
    ['2024-02-29T12:30:45Z', '2024-02-29T12:30:45.123Z', '2023-01-01T00:00:00+02:00', '2024-02-30T00:00:00Z', 'x', '', '0001-01-01T00:00:00Z'],
    "timestamp(self) < timestamp('2024-06-01T00:00:00Z')",
    'timestamp(self).getFullYear() == 2024',
    'timestamp(self).getMonth() == 1',
    'timestamp(self).getDayOfMonth() == 28 && timestamp(self).getDate() == 29',
    'timestamp(self).getDayOfWeek() == 4',
    'timestamp(self).getDayOfYear() == 59',
    'timestamp(self).getHours() == 12 && timestamp(self).getMinutes() == 30 && timestamp(self).getSeconds() == 45',
    'timestamp(self).getMilliseconds() == 123',
    "timestamp(self).getHours('+02:00') == 14",
    "timestamp(self) - timestamp('2024-01-01T00:00:00Z') > duration('24h')",
    'string(timestamp(self)) == self',
  ),
  ...rules(
    text,
    ['1', '100m', '1Gi', '1.5', '2k', 'x', '', '-1', '1e3', '9999999999Gi'],
    'isQuantity(self)',
    "quantity(self).isLessThan(quantity('2'))",
    "quantity(self).isGreaterThan(quantity('500m'))",
    "quantity(self).compareTo(quantity('1')) == 0",
    'sign(quantity(self)) > 0',
    'quantity(self).isInteger() && quantity(self).asInteger() > 0',
    'quantity(self).asApproximateFloat() > 1.0',
    "quantity(self).add(quantity('1')) == quantity('2')",
  ),
  ...rules(
    text,
    ['https://user:pw@example.com:8080/a/b?x=1&x=2&y=#frag', 'http://[::1]/', '/abs/path', 'not a url', '', 'ftp://h', 'https://example.com'],
    'isURL(self)',
    "url(self).getScheme() == 'https'",
    "url(self).getHost() == 'example.com:8080'",
    "url(self).getHostname() == 'example.com'",
    "url(self).getPort() == '8080'",
    "url(self).getEscapedPath() == '/a/b'",
    "url(self).getQuery()['x'] == ['1', '2']",
  ),
  ...rules(
    text,
    ['1.2.3.4', '127.0.0.1', '::1', '2001:db8::abcd', '1.2.3.4/24', '10.0.0.0/8', 'fe80::/10', '::ffff:1.2.3.4', '01.2.3.4', 'x', '', '224.0.0.1'],
    'isIP(self)',
    'ip(self).family() == 4',
    'ip(self).isLoopback()',
    'ip(self).isUnspecified() || ip(self).isGlobalUnicast()',
    'ip(self).isLinkLocalMulticast() || ip(self).isLinkLocalUnicast()',
    'ip.isCanonical(self)',
    'isCIDR(self)',
    "cidr(self).containsIP('10.1.2.3')",
    "cidr(self).containsCIDR('10.1.0.0/16')",
    'cidr(self).prefixLength() == 8',
    'cidr(self).masked() == cidr(self)',
    'cidr(self).ip().family() == 4',
    'string(cidr(self)) == self',
  ),
  ...rules(
    text,
    ['1.2.3', 'v1.2.3', '1.0.0-alpha.1+build', '1.2', 'x', ''],
    'isSemver(self)',
    'isSemver(self, true)',
    "semver(self).isLessThan(semver('2.0.0'))",
    'semver(self).major() == 1 && semver(self).minor() == 2 && semver(self).patch() == 3',
    "semver(self).compareTo(semver('1.0.0')) > 0",
  ),
  ...rules(
    integer,
    [0, 1, -7, 10, 9007199254740991, -9007199254740991, 100],
    'self > 0',
    'self % 2 == 0',
    'self / 2 == 5',
    '10 / self > 1',
    '10 % self == 0',
    'self * 9007199254740991 > 0',
    'self + 9223372036854775807 > 0',
    '-self < 0',
    'self - 1 < self',
    'double(self) / 2.0 > 0.4',
    "string(self) == '10'",
    'self in [1, 2, 10]',
    'self < 10.5',
    'uint(self) > 0u',
    'timestamp(self).getFullYear() == 1970',
    '[1, 2, 3][self] == 2',
    '{1: true}[self]',
    '[1, 2, 3].exists(i, i == self)',
    '[3, 1, 2].map(i, i * 2).sum() + self == 13',
    '[1, 2].map(i, i > 1, i * self).size() == 1',
  ),
  ...rules(number, [0, 1.5, -2.25, 1e300, 3, -0.5], 'self > 1.0', 'int(self) == 1', 'self * 2.0 == 3.0', "string(self) == '1.5'", '1.0 / self > 0.0'),
  ...rules(flag, [true, false], 'self', '!self', 'self == true', 'self ? true : false', "string(self) == 'true'"),
  ...rules(
    list(integer),
    [[], [1], [1, 2, 3], [3, 1, 2], [2, 2], [5, 4, 3, 2, 1]],
    'self.size() < 3',
    'self.all(i, i > 1)',
    'self.exists(i, i == 2)',
    'self.exists_one(i, i == 2)',
    'self.map(i, i * 2) == [2, 4, 6]',
    'self.filter(i, i > 1).size() == 2',
    'self.isSorted()',
    'self.sum() == 6',
    'self.min() == 1',
    'self.max() == 3',
    'self.indexOf(2) == 1',
    'self.lastIndexOf(2) == 1',
    'self[0] == 1',
    '2 in self',
    'self + [9] == [1, 9]',
    'self == [1, 2, 3]',
    'sets.contains(self, [1, 2])',
    'sets.equivalent(self, [3, 2, 1])',
    'sets.intersects(self, [3, 9])',
    'self.slice(0, 1).size() == 1',
    'self.all(i, j, i < 3 || j > 0)',
    'self.exists(i, v, i == v)',
    'self.transformList(i, v, i + v).size() > 1',
    'self.distinct().size() == self.size()',
    'self.sort() == [1, 2, 3]',
    'self.reverse()[0] == 3',
    'lists.range(3) == self',
    'self.first().hasValue()',
    'self.last().orValue(0) == 3',
    '[self, [9]].flatten().size() == 4',
    'self.sortBy(i, -i)[0] == 3',
  ),
  ...rules(
    map(integer),
    [{}, { a: 1 }, { a: 1, b: 2 }, { b: 5 }],
    "'a' in self",
    'self.all(k, self[k] > 1)',
    "self.exists(k, k == 'b')",
    'has(self.a) && self.a == 1',
    "self['a'] == 1",
    'self.size() == 2',
    'self.map(k, k).size() == 2',
    "self == {'a': 1}",
    'self.all(k, v, v > 0)',
    'self.transformMap(k, v, v * 2).size() > 0',
    'self.transformList(k, v, v).sum() == 3',
    "self[?'a'].orValue(7) == 7",
    "self[?'a'].hasValue()",
    'optional.of(self).hasValue()',
    "{'a': 1, ?'b': self[?'b']}.size() == 2",
    "self[?'a'].optMap(v, v + 1).orValue(0) == 2",
    "self[?'a'].optFlatMap(v, self[?'b']).orValue(0) == 2",
    "self[?'b'].or(self[?'a']).value() > 0",
    'optional.none().orValue(1) == 1',
    "self[?'zzz'].value() > 0",
  ),
  ...rules(
    point,
    [{}, { x: 1 }, { x: 1, y: 2 }, { x: 3, y: 2, name: 'p' }],
    'has(self.x)',
    'has(self.x) && has(self.y) ? self.x < self.y : true',
    'self.x > 0',
    "!has(self.name) || self.name == 'p'",
    'self.?x.orValue(5) == 5',
    'self.?name.hasValue() || self.?y.hasValue()',
    '[self.?x, self.?y].all(o, o.hasValue())',
  ),
  ...rules(
    list(point),
    [[], [{ x: 1 }], [{ x: 1, y: 2 }, { x: 2 }], [{ name: 'a' }, { name: 'a' }]],
    'self.all(p, has(p.x))',
    'self.exists(p, has(p.y) && p.y == 2)',
    'self.all(p, self.exists_one(q, p == q))',
    'self.filter(p, has(p.name)).map(p, p.name).size() < 2',
  ),
];

/** Upstream refuses these: with which words. */
const openText: Schema = { type: 'string' };
const openList = (items: Schema): Schema => ({ type: 'array', items });
const openMap = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });
const ruled = (schema: Schema, ...texts: string[]): Schema => ({ ...schema, 'x-kubernetes-validations': texts.map((rule) => ({ rule })) });

/** What expressions may cost at most: estimated from the bounds, and refused when it is too much. */
const COSTLY: readonly [name: string, properties: Record<string, Schema>][] = [
  ['a look at every element', { f: ruled(openList(integer), 'self.all(x, x > 0)') }],
  ['every element against every other', { f: ruled(openList(integer), 'self.all(x, self.all(y, x == y))') }],
  ['every text against every other', { f: ruled(openList(openText), 'self.all(x, self.all(y, x == y))') }],
  ['three deep', { f: ruled(list(integer), 'self.all(x, self.all(y, self.all(z, x + y == z)))') }],
  ['a pattern in an open text', { f: ruled(openText, "self.matches('^(a+)+$')") }],
  ['a pattern in open texts', { f: openList(ruled(openText, "self.matches('^(a+)+$')")) }],
  ['a pattern in bounded texts', { f: list(ruled(text, "self.matches('^(a+)+$')")) }],
  ['an open text within a map of lists', { f: openMap(openList(ruled(openText, "self.contains('b')"))) }],
  ['bounded outside and open inside', { f: list(openMap(ruled(openText, "self.contains('b')"))) }],
  [
    'a message',
    { f: { ...openList(openText), 'x-kubernetes-validations': [{ rule: 'size(self) > 0', messageExpression: "self.map(x, self.join(',') + x).join(';')" }] } },
  ],
  ['many rules together', { f: ruled({ ...openList(integer), maxItems: 2_000 }, ...Array<string>(15).fill('self.all(x, self.exists(y, x == y))')) }],
  ['split and joined', { f: ruled(openText, "self.split(',').map(x, x + x).join(',') == self") }],
  ['split and joined, bounded', { f: ruled(text, "self.split(',').map(x, x + x).join(',') == self") }],
  ['sorted and summed', { f: ruled(openList(integer), 'self.isSorted() && self.sum() > 0 && self.max() > self.min()') }],
  ['sets', { f: ruled(openList(openText), "sets.contains(self, ['a', 'b']) || sets.intersects(self, self)") }],
  ['quantities and addresses', { f: openList(ruled(openText, 'isQuantity(self) || isIP(self) || isCIDR(self) || isURL(self)')) }],
  ['a map against itself', { f: ruled(openMap(openText), 'self.all(k, self[k] == k && k in self)') }],
  ['two variables', { f: ruled(openMap(openText), 'self.all(k, v, v == k)') }],
  ['an object in a list', { f: openList(ruled(point, "self.x > self.y && self.name.startsWith('a')")) }],
  ['what it was before', { f: ruled(openText, 'self == oldSelf || self > oldSelf') }],
  ['a format', { f: openList(ruled(openText, '!format.dns1123Label().validate(self).hasValue()')) }],
  ['enums', { f: openList(ruled({ type: 'string', enum: ['a', 'bbb'] }, "self.contains('b') && self.matches('b+')")) }],
  ['times', { f: openList(ruled({ type: 'string', format: 'date-time' }, "self > timestamp('2020-01-01T00:00:00Z')")) }],
  ['int or text', { f: openList(ruled({ 'x-kubernetes-int-or-string': true }, "string(self).matches('^[0-9]+$')")) }],
  ['nothing to see', { f: ruled({ 'x-kubernetes-preserve-unknown-fields': true }, 'true') }],
];

const BAD: readonly [schema: Schema, rule: string][] = [
  [text, "self.reverse() == 'cba'"],
  [text, "self.split(',').join('-') == 'a-b-c'"],
  [text, 'quantity(self).sub(1).sign() >= 0'],
  [integer, 'self == 1.0 ? true : self > 5'],
  [integer, 'math.greatest(self, 5) == 5'],
  [number, 'self == 3'],
  [point, 'cel.bind(a, self.?x.orValue(0), a * a < 5)'],
  [text, ''],
  [text, 'self'],
  [text, 'self +'],
  [text, 'self == 1'],
  [text, 'nothing == 1'],
  [text, 'self.nothing()'],
  [text, 'self.startsWith(1)'],
  [text, 'self.size() == "3"'],
  [text, "self.matches('(')"],
  [text, 'oldSelf == self &&'],
  [text, 'size(self, 1) > 0'],
  [integer, 'self.x > 0'],
  [integer, 'self && true'],
  [integer, '!self'],
  [integer, "self + 'a' == 'b'"],
  [integer, '1 / 0 == self; true'],
  [list(integer), "self.all(i, i == 'a')"],
  [list(integer), 'self.all(1, true)'],
  [list(integer), 'self.map(i, i)'],
  [map(integer), 'self.a.b == 1'],
  [point, 'self.z == 1'],
  [point, 'has(self)'],
  [point, "self.x == 'a'"],
  [point, "self.metadata.name == 'x'"],
  [text, 'true ? 1 : "a"'],
  [text, "duration('x') > duration('1s')"],
  [text, "timestamp('x') == timestamp('x')"],
  [text, "quantity('x').isInteger()"],
  [text, "ip('x').family() == 4"],
  [text, 'self == `a`'],
  [text, "self == 'unterminated"],
  [text, 'self == b'],
];

const crd = (name: string, properties: Record<string, Schema>) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${name}s.rules.example.com` },
  spec: {
    group: 'rules.example.com',
    scope: 'Namespaced',
    names: { plural: `${name}s`, singular: name, kind: name, listKind: `${name}list` },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: object({ spec: object(properties) }) },
      },
    ],
  },
});

const withRule = (schema: Schema, rule: object): Schema => ({ ...schema, 'x-kubernetes-validations': [rule] });
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const PER_CRD = 25;
const groups = Array.from({ length: Math.ceil(GOOD.length / PER_CRD) }, (_, i) => GOOD.slice(i * PER_CRD, (i + 1) * PER_CRD));
const kindOf = (group: number): string => `ruled${String.fromCharCode(97 + group)}`;

/** Rules that look at the value before, or say themselves what is wrong. */
const told = object({
  grows: withRule(integer, { rule: 'self >= oldSelf', message: 'may not shrink' }),
  fixed: withRule(text, { rule: 'self == oldSelf', messageExpression: "'was ' + oldSelf + ', not ' + self" }),
  once: withRule(text, { rule: 'oldSelf.orValue(self) == self', optionalOldSelf: true }),
  typed: withRule(text, { rule: "self != 'x'", reason: 'FieldValueForbidden', message: 'no x' }),
  needed: withRule(point, { rule: 'has(self.x)', reason: 'FieldValueRequired', fieldPath: '.x', message: 'x is needed' }),
  unspoken: withRule(integer, { rule: 'self < 5', messageExpression: "'%d is not below 5'.format([self])" }),
  blank: withRule(integer, { rule: 'self < 5', messageExpression: "''", message: 'the other message' }),
  keyed: {
    type: 'array',
    maxItems: 4,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    items: withRule(object({ name: text, size: integer }, { required: ['name'] }), { rule: '!has(oldSelf.size) || self.size >= oldSelf.size' }),
  },
});

/** Makes the definitions that the cases' objects are of, and waits until both servers serve them. */
export async function defineRuledKinds(peers: readonly Peer[]): Promise<void> {
  const definitions = [
    ...groups.map((group, i) => crd(kindOf(i), Object.fromEntries(group.map(({ schema, rule }, field) => [`f${field}`, withRule(schema, { rule })])))),
    crd('told', told['properties'] as Record<string, Schema>),
  ];
  for (const peer of peers) {
    for (const definition of definitions) {
      const { status, body } = await peer.call({ method: 'POST', path: CRDS, body: definition });
      if (status !== 201) throw new Error(`${peer.name} refuses the rules of ${definition.metadata.name}: ${body.slice(0, 2000)}`);
    }
    for (const { spec } of definitions) {
      await until(
        async () => (await peer.call({ path: `/apis/rules.example.com/v1/${spec.names.plural}` })).status === 200,
        () => `${peer.name} does not serve ${spec.names.plural}`,
      );
    }
  }
}

export function ruleCases(): Case[] {
  const judged = groups.flatMap((group, i) =>
    group.map(({ rule, values }, field) => ({
      name: `Rule: ${rule}`,
      steps: values.map((value) => ({
        method: 'POST',
        path: `/apis/rules.example.com/v1/namespaces/default/${kindOf(i)}s?dryRun=All`,
        body: { apiVersion: 'rules.example.com/v1', kind: kindOf(i), metadata: { name: 'judged' }, spec: { [`f${field}`]: value } },
      })),
    })),
  );
  const refused = BAD.map(([schema, rule]) => ({
    name: `Rule refused: ${rule}`,
    steps: [{ method: 'POST', path: `${CRDS}?dryRun=All`, body: crd('refused', { f: withRule(schema, { rule }) }) }],
  }));
  const costly = COSTLY.map(([name, properties]) => ({
    name: `Rule cost: ${name}`,
    steps: [{ method: 'POST', path: `${CRDS}?dryRun=All`, body: crd('costly', properties) }],
  }));
  return [...judged, ...refused, ...costly, toldCase()];
}

function toldCase(): Case {
  const collection = '/apis/rules.example.com/v1/namespaces/NAMESPACE/tolds';
  const first = { grows: 3, fixed: 'a', once: 'a', keyed: [{ name: 'a', size: 2 }] };
  const change = (spec: object) => ({ method: 'PATCH', path: `${collection}/one`, headers: MERGE_PATCH, body: { spec } });
  const make = (name: string, spec: object) => ({
    method: 'POST',
    path: collection,
    body: { apiVersion: 'rules.example.com/v1', kind: 'told', metadata: { name }, spec },
  });
  return {
    name: 'Rule: values before, messages and reasons',
    steps: [
      make('one', first),
      ...[
        { grows: 4 },
        { grows: 1 },
        { fixed: 'b' },
        { once: 'b' },
        { typed: 'x' },
        { needed: {} },
        { unspoken: 9 },
        { blank: 9 },
        { keyed: [{ name: 'b', size: 1 }] },
        { keyed: [{ name: 'b', size: 0 }] },
      ].map(change),
      // One at a time: upstream tells what is wrong in no certain order.
      ...[{ unspoken: 7 }, { blank: 8 }, { typed: 'x' }, { needed: {} }].map((spec) => make('two', spec)),
    ],
  };
}
