/**
 * Priority and fairness: requests from outside are sorted into flows (`match.ts`), and each priority level serves only so
 * many at a time (`level.ts`). What the flows and levels are, the cluster's own objects say; `keeper.ts` looks after the
 * server's own of them.
 */
import { StatusError } from '../../kube/status.ts';
import type { Clock } from '../../runtime/clock.ts';
import { isPath, type Attributes } from '../authz/attributes.ts';
import type { UserInfo } from '../engine.ts';
import { defaultLevels, defaultSchemas, MANDATORY } from './defaults.ts';
import { PriorityLevel, type LevelLimits, type Load, type OnGone, type Refusal, type Seat } from './level.ts';
import { matchesRule, matchesSubject, takesAll } from './match.ts';
import type { FlowRule, FlowSchema, PriorityLevelConfiguration } from './types.ts';

export type { Seat } from './level.ts';

/** Exempt requests take none. */
const NO_SEAT: Seat = { release: () => undefined };

/** Of all levels together, as upstream by default (400 reading and 200 writing). */
const SEATS = 600;

interface Level {
  uid: string;
  /** Absent: exempt. */
  level?: PriorityLevel;
}

interface Schema {
  name: string;
  uid: string;
  level: Level;
  by: 'ByUser' | 'ByNamespace' | undefined;
  rules: readonly { rule: FlowRule; all: boolean }[];
}

/** A rule that has the user among its subjects. */
interface Candidate {
  schema: Schema;
  rule: FlowRule;
  all: boolean;
}

/** Where a request belongs. */
export interface Classification {
  schemaUid: string;
  levelUid: string;
  /** False: exempt. */
  limited: boolean;
  /** Rejects with TooManyRequests. */
  enter(onGone?: OnGone): Seat | Promise<Seat>;
}

export class FlowControl {
  readonly #clock: Clock;
  readonly #seats: number;
  readonly #levels = new Map<string, PriorityLevel>();
  #schemas: readonly Schema[] = [];
  /** Users who come by certificate are the same objects for the life of their connection. */
  #candidates = new WeakMap<UserInfo, readonly Candidate[]>();

  constructor(clock: Clock, seats = SEATS) {
    this.#clock = clock;
    this.#seats = seats;
    this.configure(defaultSchemas(), defaultLevels());
  }

  /** The objects there are now. What is mandatory and missing is put in; schemas of levels that are missing are left out. */
  configure(schemas: readonly FlowSchema[], levels: readonly PriorityLevelConfiguration[]): void {
    const byName = new Map([...defaultLevels().filter(isMandatory), ...levels].map((level) => [level.metadata.name ?? '', level]));
    const shares = [...byName.values()].reduce((sum, level) => sum + sharesOf(level), 0);
    const made = new Map<string, Level>();
    for (const [name, configuration] of byName) {
      const uid = configuration.metadata.uid ?? '';
      made.set(name, configuration.spec.type === 'Exempt' ? { uid } : { uid, level: this.#level(name, this.#limits(configuration, shares)) });
    }
    for (const name of this.#levels.keys()) if (made.get(name)?.level === undefined) this.#levels.delete(name);
    const all = new Map([...defaultSchemas().filter(isMandatory), ...schemas].map((schema) => [schema.metadata.name ?? '', schema]));
    this.#schemas = [...all.values()].sort(inOrder).flatMap(({ metadata, spec }) => {
      const level = made.get(spec.priorityLevelConfiguration.name);
      if (level === undefined) return [];
      const rules = (spec.rules ?? []).map((rule) => ({ rule, all: takesAll(rule) }));
      return [{ name: metadata.name ?? '', uid: metadata.uid ?? '', level, by: spec.distinguisherMethod?.type, rules }];
    });
    this.#candidates = new WeakMap();
  }

  #limits({ spec }: PriorityLevelConfiguration, shares: number): LevelLimits {
    const { nominalConcurrencyShares = 0, limitResponse } = spec.limited ?? {};
    const seats = Math.ceil((this.#seats * nominalConcurrencyShares) / Math.max(1, shares));
    return { seats, ...(limitResponse?.queuing === undefined ? {} : { queuing: limitResponse.queuing }) };
  }

  #level(name: string, limits: LevelLimits): PriorityLevel {
    let level = this.#levels.get(name);
    if (level === undefined) this.#levels.set(name, (level = new PriorityLevel(this.#clock, limits)));
    else level.reconfigure(limits);
    return level;
  }

  /** Requests in service and waiting, by level. */
  load(): (Load & { level: string })[] {
    return [...this.#levels].map(([name, level]) => ({ level: name, ...level.load }));
  }

  /** `attributes` is asked only when the user's rules look at them. */
  classify(user: UserInfo, attributes: () => Attributes): Classification {
    let asked: Attributes | undefined;
    const found = this.#candidatesOf(user).find(({ rule, all }) => all || matchesRule(rule, (asked ??= attributes())));
    // Everybody belongs to catch-all, which cannot be changed.
    const schema = found?.schema ?? this.#schemas.at(-1)!;
    const { level } = schema.level;
    return {
      schemaUid: schema.uid,
      levelUid: schema.level.uid,
      limited: level !== undefined,
      enter(onGone) {
        if (level === undefined) return NO_SEAT;
        const flow = schema.by === 'ByUser' ? user.name : schema.by === 'ByNamespace' ? namespaceOf((asked ??= attributes())) : '';
        const seat = level.enter(`${schema.name}\0${flow}`, onGone);
        return seat instanceof Promise ? seat.catch((why: Refusal) => Promise.reject(tooMany(why))) : seat;
      },
    };
  }

  #candidatesOf(user: UserInfo): readonly Candidate[] {
    let found = this.#candidates.get(user);
    if (found !== undefined) return found;
    found = this.#schemas.flatMap((schema) =>
      schema.rules.filter(({ rule }) => rule.subjects.some((subject) => matchesSubject(user, subject))).map(({ rule, all }) => ({ schema, rule, all })),
    );
    this.#candidates.set(user, found);
    return found;
  }
}

function isMandatory({ metadata }: FlowSchema | PriorityLevelConfiguration): boolean {
  return MANDATORY.has(metadata.name ?? '');
}

function sharesOf({ spec }: PriorityLevelConfiguration): number {
  return (spec.type === 'Exempt' ? spec.exempt?.nominalConcurrencyShares : spec.limited?.nominalConcurrencyShares) ?? 0;
}

function inOrder(a: FlowSchema, b: FlowSchema): number {
  return a.spec.matchingPrecedence - b.spec.matchingPrecedence || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);
}

function namespaceOf(attributes: Attributes): string {
  return isPath(attributes) ? '' : (attributes.namespace ?? '');
}

/** HTTP answers it as plain text, as upstream. */
export class TooManyRequests extends StatusError {
  readonly why: Refusal;

  constructor(why: Refusal) {
    super(429, 'TooManyRequests', 'Too many requests, please try again later.', { retryAfterSeconds: 1 });
    this.why = why;
  }
}

function tooMany(why: Refusal): TooManyRequests {
  return new TooManyRequests(why);
}
