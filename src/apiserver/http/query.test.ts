import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTrue } from './query.ts';

test('a flag of a URL is off when absent, 0 or false in any case, and else on', () => {
  const on = (text: string): boolean => isTrue(new URLSearchParams(text), 'tty');
  for (const text of ['', 'tty=0', 'tty=false', 'tty=False', 'tty=FALSE']) assert.equal(on(text), false, text);
  for (const text of ['tty', 'tty=', 'tty=1', 'tty=true', 'tty=True', 'tty=no']) assert.equal(on(text), true, text);
});
