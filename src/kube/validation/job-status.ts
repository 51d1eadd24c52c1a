/** The status of a job, which another controller may write: what has been decided and counted stays so. */
import { getCondition } from '../conditions.ts';
import type { Job } from '../types.ts';
import { duplicate, invalidValue, nonNegative, omitted, required, type Errors } from './field.ts';
import { parseIntervals, type Interval } from './job-indexes.ts';

type Status = NonNullable<Job['status']>;

const is = (status: Status, type: string): boolean => getCondition(status.conditions, type)?.status === 'True';
const finished = (status: Status): boolean => is(status, 'Complete') || is(status, 'Failed');
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
const isEarlier = (a: string | undefined, b: string | undefined): boolean => a !== undefined && b !== undefined && Date.parse(a) < Date.parse(b);

/** What is wrong already and not touched is left alone, so that a controller may mend it step by step. */
export function validateJobStatus(errors: Errors, job: Job, old: Job): void {
  const [status, before] = [job.status ?? {}, old.status ?? {}];
  const touched = (...fields: (keyof Status)[]): boolean => fields.some((field) => !same(status[field], before[field]));
  const turned = (...types: string[]): boolean => types.some((type) => is(status, type) !== is(before, type));
  const ended = finished(status) !== finished(before);
  checkCounts(errors, status);
  checkOutcome(errors, status, touched, turned);
  checkEnd(errors, job, status, touched, ended);
  checkIndexes(errors, job, status, touched);
  if (ended || touched('terminating')) {
    if ((status.terminating ?? 0) > 0 && finished(status))
      errors.push(invalidValue('status.terminating', status.terminating, 'terminating>0 is invalid for finished job'));
  }
  if (touched('ready', 'active') && (status.ready ?? 0) > (status.active ?? 0))
    errors.push(invalidValue('status.ready', status.ready, 'cannot set more ready pods than active'));
  checkTogether(errors, job, status);
  checkKept(errors, job, status, before);
}

function checkCounts(errors: Errors, status: Status): void {
  for (const name of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) nonNegative(errors, `status.${name}`, status[name]);
  const seen = new Set<string>();
  for (const name of ['succeeded', 'failed'] as const) {
    for (const [i, uid] of (status.uncountedTerminatedPods?.[name] ?? []).entries()) {
      const path = `status.uncountedTerminatedPods.${name}[${i}]`;
      if (uid === '') errors.push(invalidValue(path, uid, 'must not be empty'));
      else if (seen.has(uid)) errors.push(duplicate(path, uid));
      seen.add(uid);
    }
  }
}

type Touched = (...fields: (keyof Status)[]) => boolean;

function checkOutcome(errors: Errors, status: Status, touched: Touched, turned: (...types: string[]) => boolean): void {
  const complete = is(status, 'Complete');
  const wrong = (why: string): void => void errors.push(omitted('status.conditions', why));
  if (turned('Complete', 'Failed') && complete && is(status, 'Failed')) wrong('cannot set Complete=True and Failed=true conditions');
  if (turned('Complete', 'FailureTarget') && complete && is(status, 'FailureTarget')) wrong('cannot set Complete=True and FailureTarget=true conditions');
  if (turned('Complete') || touched('completionTime')) {
    if (status.completionTime !== undefined && !complete)
      errors.push(invalidValue('status.completionTime', status.completionTime, 'cannot set completionTime when there is no Complete=True condition'));
    if (status.completionTime === undefined && complete) errors.push(required('status.completionTime', 'completionTime is required for Complete jobs'));
  }
  if (touched('startTime', 'completionTime') && isEarlier(status.completionTime, status.startTime))
    errors.push(invalidValue('status.completionTime', status.completionTime, 'must be equal to or after `startTime`'));
  if ((turned('Failed') || touched('failedIndexes')) && is(status, 'Failed') && !is(status, 'FailureTarget'))
    wrong('cannot set Failed=True condition without the FailureTarget=true condition');
  if (turned('Complete', 'SuccessCriteriaMet') && complete && !is(status, 'SuccessCriteriaMet'))
    wrong('cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
}

function checkEnd(errors: Errors, { spec }: Job, status: Status, touched: Touched, ended: boolean): void {
  if (!finished(status)) return;
  if ((ended || touched('active')) && (status.active ?? 0) > 0)
    errors.push(invalidValue('status.active', status.active, 'active>0 is invalid for finished job'));
  const nothingToDo = spec?.suspend === true && spec.completions === 0;
  if ((ended || touched('startTime')) && !nothingToDo && status.startTime === undefined)
    errors.push(required('status.startTime', 'startTime is required for finished job'));
  const uncounted = status.uncountedTerminatedPods;
  if ((ended || touched('uncountedTerminatedPods')) && (uncounted?.succeeded?.length || uncounted?.failed?.length))
    // As upstream's own form of the object is written.
    errors.push(
      invalidValue(
        'status.uncountedTerminatedPods',
        { Succeeded: uncounted.succeeded ?? null, Failed: uncounted.failed ?? null },
        'must be empty for finished job',
      ),
    );
}

function checkIndexes(errors: Errors, { spec }: Job, status: Status, touched: Touched): void {
  const completions = spec?.completions;
  const { completedIndexes = '', failedIndexes } = status;
  const parsed = (name: string, text: string): Interval[] => {
    try {
      return parseIntervals(text, completions ?? 0);
    } catch (error) {
      errors.push(invalidValue(`status.${name}`, text, `error parsing ${name}: ${error instanceof Error ? error.message : ''}`));
      return [];
    }
  };
  const [completedNew, failedNew] = [touched('completedIndexes'), touched('failedIndexes')];
  if (!completedNew && !failedNew) return;
  const completed = completions === undefined ? [] : parsed('completedIndexes', completedIndexes);
  const failed =
    completions === undefined || failedIndexes === undefined || spec?.backoffLimitPerIndex === undefined ? [] : parsed('failedIndexes', failedIndexes);
  if (completedNew && completedIndexes !== '' && spec?.completionMode !== 'Indexed')
    errors.push(invalidValue('status.completedIndexes', completedIndexes, 'cannot set non-empty completedIndexes when non-indexed completion mode'));
  if (failedNew && spec?.backoffLimitPerIndex === undefined && failedIndexes !== undefined)
    errors.push(invalidValue('status.failedIndexes', failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  const overlap = completed.flatMap(([a, b]) => failed.filter(([c, d]) => a <= d && c <= b).map(([c]) => Math.max(a, c)))[0];
  if (overlap !== undefined)
    errors.push(invalidValue('status.failedIndexes', failedIndexes, `failedIndexes and completedIndexes overlap at index: ${overlap}`));
}

function checkTogether(errors: Errors, { spec }: Job, status: Status): void {
  const wrong = (why: string): void => void errors.push(omitted('status.conditions', why));
  const met = is(status, 'SuccessCriteriaMet');
  if (met && is(status, 'Failed')) wrong('cannot set SuccessCriteriaMet=True and Failed=true conditions');
  if (met && is(status, 'FailureTarget')) wrong('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  if (spec?.successPolicy !== undefined && !met && is(status, 'Complete'))
    wrong('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
}

function checkKept(errors: Errors, { spec }: Job, status: Status, before: Status): void {
  const wrong = (why: string): void => void errors.push(omitted('status.conditions', why));
  for (const type of ['Failed', 'Complete', 'FailureTarget'])
    if (is(before, type) && !is(status, type)) wrong(`cannot disable the terminal ${type}=True condition`);
  if ((status.failed ?? 0) < (before.failed ?? 0)) errors.push(invalidValue('status.failed', status.failed ?? 0, 'cannot decrease the failed counter'));
  // An indexed job with as many pods as indexes may be made smaller.
  const shrinks = spec?.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  if (!shrinks && (status.succeeded ?? 0) < (before.succeeded ?? 0))
    errors.push(invalidValue('status.succeeded', status.succeeded ?? 0, 'cannot decrease the succeeded counter'));
  if (status.completionTime !== undefined && before.completionTime !== undefined && status.completionTime !== before.completionTime)
    errors.push(invalidValue('status.completionTime', status.completionTime, 'field is immutable'));
  const resuming = is(before, 'Suspended') && getCondition(status.conditions, 'Suspended')?.status === 'False';
  if (before.startTime !== undefined && status.startTime !== before.startTime && spec?.suspend !== true && !resuming)
    errors.push(invalidValue('status.startTime', status.startTime, 'field is immutable for unsuspended job once set'));
  if (is(before, 'SuccessCriteriaMet') && !is(status, 'SuccessCriteriaMet')) wrong('cannot disable the SuccessCriteriaMet=True condition');
  if (is(before, 'Complete') && !is(before, 'SuccessCriteriaMet') && is(status, 'SuccessCriteriaMet'))
    wrong('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
}
