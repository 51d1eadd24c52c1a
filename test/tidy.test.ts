/** The house rules that a compiler does not hold: arrows between rooms, the clock, sizes, headers. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, dirname } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');
const LINES_MAX = 400;

/** Which rooms a room may import (ARCHITECTURE.md); a room may always import itself. */
const ARROWS: Record<string, readonly string[]> = {
  kube: [],
  runtime: ['kube'],
  apiserver: ['kube', 'runtime'],
  workloads: ['kube', 'runtime'],
  scheduler: ['kube', 'runtime'],
  cloud: ['kube', 'runtime'],
  scaling: ['kube', 'runtime', 'cloud', 'scheduler'],
  node: ['kube', 'runtime'],
  network: ['kube', 'runtime'],
  load: ['kube', 'runtime'],
  fleet: ['kube', 'runtime'],
  cli: ['kube', 'runtime', 'apiserver', 'workloads', 'scheduler', 'cloud', 'scaling', 'node', 'network', 'load', 'fleet'],
};
/** Interfaces that a room offers for others to implement or be given: types only. */
const PORTS = new Set(['node/ports.ts', 'cloud/provider.ts']);

interface Source {
  /** Relative to src/. */
  path: string;
  room: string;
  text: string;
}

const sources: Source[] = globSync('**/*.ts', { cwd: SRC }).map((path) => ({ path, room: path.split('/')[0]!, text: readFileSync(join(SRC, path), 'utf8') }));
/** Tests may use what they need to build their world. */
const code = sources.filter(({ path }) => !/(\.test|(^|\/)testing)\.ts$/.test(path) && !path.includes('/testing/'));

/** Source text without comments and strings, so that words in them do not count. */
function bare(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(^|[^:'"`])\/\/.*$/gm, '$1').replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
}

function problems(list: readonly Source[], find: (source: Source) => Iterable<string>): string[] {
  return list.flatMap((source) => [...find(source)].map((problem) => `src/${source.path}: ${problem}`));
}

test('imports between rooms follow the arrows', () => {
  assert.deepEqual(
    problems(code, function* ({ path, room, text }) {
      for (const [, type, target] of text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm)) {
        if (target === undefined) continue;
        const to = relative(SRC, resolve(SRC, dirname(path), target));
        const toRoom = to.split('/')[0]!;
        if (toRoom === room || ARROWS[room]?.includes(toRoom) || (type !== undefined && PORTS.has(to))) continue;
        yield `imports ${to}; ${room} may import ${ARROWS[room]?.join(', ') || 'nothing of ours'}`;
      }
    }),
    [],
  );
});

test('every room is in the table of arrows and begins with a page about itself', () => {
  for (const room of readdirSync(SRC)) {
    assert.ok(ARROWS[room], `src/${room} has no arrows in test/tidy.test.ts and ARCHITECTURE.md`);
    const index = join(SRC, room, 'index.ts');
    const hasPage = existsSync(join(SRC, room, 'README.md')) || (existsSync(index) && readFileSync(index, 'utf8').startsWith('/**'));
    assert.ok(
      hasPage,
      `src/${room} needs a README.md, or an index.ts that begins with a header: what it is for, its words, where to start, what it may import`,
    );
  }
});

test('controllers ask the Clock and Random, never the machine', () => {
  const rooms = new Set(['workloads', 'scheduler', 'scaling', 'runtime']);
  const exempt = /^runtime\/(clock|random|virtual-clock)\.ts$|^runtime\/http\//;
  const forbidden = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\b(?:setTimeout|setInterval)\b|\bperformance\.now\b/g;
  assert.deepEqual(
    problems(
      code.filter(({ path, room }) => rooms.has(room) && !exempt.test(path)),
      function* ({ text }) {
        for (const [word] of bare(text).matchAll(forbidden)) yield `${word}: take it from the ControllerContext`;
      },
    ),
    [],
  );
});

test('no file holds more than one mind can', () => {
  assert.deepEqual(
    problems(sources, function* ({ text }) {
      const lines = text.split('\n').length;
      if (lines > LINES_MAX) yield `${lines} lines, at most ${LINES_MAX}: split it where its second idea begins`;
    }),
    [],
  );
});

test('nothing is of type any', () => {
  assert.deepEqual(
    problems(sources, function* ({ text }) {
      for (const [word] of bare(text).matchAll(/(?::|\bas|<)\s*any\b(?!\s*\()/g)) yield `'${word}': name the type, or use unknown`;
    }),
    [],
  );
});

test('nothing is left for later', () => {
  assert.deepEqual(
    problems(sources, function* ({ text }) {
      for (const [word] of text.matchAll(/\b(?:TODO|FIXME|XXX|HACK)\b/g)) yield `${word}: do it now, or open an issue`;
    }),
    [],
  );
});
