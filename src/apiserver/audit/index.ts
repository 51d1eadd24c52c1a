/**
 * Audit: who asked what and what came of it, written down as a policy says.
 * `policy.ts` decides how much, `record.ts` follows one request (`in-process.ts`: those that come without HTTP), `log-file.ts` keeps the lines. Without a policy there is no auditor.
 */
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { UserInfo } from '../engine.ts';
import { LogFile } from './log-file.ts';
import { evaluator, type Evaluate, type Policy } from './policy.ts';
import { AuditRecord, type RecordStart, type Source } from './record.ts';

export { auditedEngine } from './in-process.ts';
export { loadPolicy } from './load.ts';
export type { Policy } from './policy.ts';
export type { AuditRecord, Source } from './record.ts';

export interface AuditOptions {
  policy: Policy;
  log: { path: string; maxBytes: number; maxBackups: number };
}

export interface AuditWorld {
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface Question {
  source: Source;
  /** Undefined: nobody who could say who they are. */
  user: UserInfo | undefined;
  verb: string;
  /** Without the query. */
  path: string;
  resource?: NonNullable<RecordStart['resource']>;
}

export interface Auditor {
  /** Undefined when the policy does not want to hear of it. */
  begin(question: Question): AuditRecord | undefined;
  close(): void;
}

const LONG_SUBRESOURCES = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);
const NOBODY: UserInfo = { name: '', groups: [] };

/** Throws an Error when the log cannot be opened. */
export function auditor({ policy, log }: AuditOptions, world: AuditWorld): Auditor {
  const now = (): number => world.clock.now();
  const file = new LogFile({ ...log, now, onError: (message) => world.log.error(message) });
  const evaluate: Evaluate = evaluator(policy);
  const write = (line: string): void => file.write(line);
  return {
    begin(question) {
      const { user, verb, path, resource, source } = question;
      const plan = evaluate({ user: user ?? NOBODY, verb, path, ...(resource === undefined ? {} : { resource }) });
      if (plan === undefined) return undefined;
      const id = source.id ?? world.random.uuid();
      const long = verb === 'watch' || verb === 'proxy' || LONG_SUBRESOURCES.has(resource?.subresource ?? '');
      return new AuditRecord({ ...question, plan, id, long, now, write });
    },
    close: () => file.close(),
  };
}
