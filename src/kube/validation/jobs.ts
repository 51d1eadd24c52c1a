/** Jobs and cron jobs. */
import { parseSchedule } from '../cron/parse.ts';
import { Zone } from '../cron/zone.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName } from '../names.ts';
import { matcherOf } from '../selectors.ts';
import type { CronJob, Job, PodSpec } from '../types.ts';
import {
  duplicate,
  immutable,
  invalidValue,
  named,
  nonNegative,
  notSupported,
  oneOf,
  omitted,
  required,
  sorted,
  tooLong,
  tooMany,
  type Errors,
} from './field.ts';
import { parseIntervals } from './job-indexes.ts';
import { validatePodTemplate } from './pod.ts';
import { validateLabelSelector } from './selector.ts';

export type JobSpec = NonNullable<Job['spec']>;
type FailurePolicy = NonNullable<JobSpec['podFailurePolicy']>;
type FailureRule = FailurePolicy['rules'][number];
type ExitCodes = NonNullable<FailureRule['onExitCodes']>;

/** Caps of the lists of indexes in a status. */
const INDEXES_MANY = 100_000;
const PARALLEL_FOR_MANY = 10_000;
const RULES_MAX = 20;
const EXIT_CODES_MAX = 255;
const MANAGED_BY_MAX = 63;
const INDEXES_TEXT_MAX = 64 * 1024;
/** A cron job's jobs add '-' and ten digits to its name. */
const CRON_NAME_MAX = 63 - 11;

const quoted = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;

export function validateJob(errors: Errors, job: Job, old: Job | undefined): void {
  const { spec } = job;
  if (spec === undefined) return;
  if (old === undefined) validateGeneratedSelector(errors, job);
  validateJobSpec(errors, 'spec', spec);
  if (spec.selector === undefined) errors.push(required('spec.selector'));
  else validateLabelSelector(errors, 'spec.selector', spec.selector);
  const labels = spec.template?.metadata?.labels;
  if (!selects(spec.selector, labels)) errors.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  if (old?.spec !== undefined) validateChange(errors, spec, old);
  if (spec.completionMode === 'Indexed' && (spec.completions ?? 0) > 0) {
    const hostname = `${job.metadata.name}-${(spec.completions ?? 0) - 1}`;
    if (isDns1123Label(hostname).length > 0)
      errors.push(invalidValue('metadata.name', job.metadata.name, `will not able to create pod with invalid DNS label: ${hostname}`));
  }
}

/** Labels and selector are made by the server: what the user wrote must not contradict them. */
function validateGeneratedSelector(errors: Errors, { spec, metadata }: Job): void {
  if (spec === undefined || spec.manualSelector === true || spec.selector === undefined) return;
  const expected = { 'controller-uid': metadata.uid ?? '', 'job-name': metadata.name ?? '' };
  const all = Object.fromEntries(
    Object.entries(expected).flatMap(
      ([key, value]) =>
        [
          [key, value],
          [`batch.kubernetes.io/${key}`, value],
        ] as const,
    ),
  );
  const labels = spec.template?.metadata?.labels;
  for (const [key, value] of [...Object.entries(all)].sort(([a], [b]) => Number(a.includes('/')) - Number(b.includes('/')))) {
    const path = `spec.template.metadata.labels[${key}]`;
    if (labels?.[key] === undefined) errors.push(required(path, `must be '${value}'`));
    else if (labels[key] !== value) errors.push(invalidValue(path, labels, `must be '${value}'`));
  }
  if (!selects(spec.selector, all)) errors.push(invalidValue('spec.selector', spec.selector, '`selector` not auto-generated'));
}

/** A selector that is wrong itself has been reported. */
function selects(selector: JobSpec['selector'], labels: Record<string, string> | undefined): boolean {
  try {
    return matcherOf(selector)(labels);
  } catch {
    return true;
  }
}

function validateJobSpec(errors: Errors, path: string, spec: JobSpec): void {
  for (const name of ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished', 'backoffLimitPerIndex'] as const)
    nonNegative(errors, `${path}.${name}`, spec[name]);
  nonNegative(errors, `${path}.maxFailedIndexes`, spec.maxFailedIndexes);
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  if (spec.managedBy !== undefined) {
    validateDomainPath(errors, `${path}.managedBy`, spec.managedBy);
    if (spec.managedBy.length > MANAGED_BY_MAX) errors.push(tooLong(`${path}.managedBy`, MANAGED_BY_MAX));
  }
  oneOf(errors, `${path}.completionMode`, spec.completionMode, ['NonIndexed', 'Indexed']);
  if (spec.completionMode === 'Indexed') validateIndexed(errors, path, spec);
  else if (spec.completionMode === undefined || spec.completionMode === 'NonIndexed') {
    for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const)
      if (spec[name] !== undefined) errors.push(invalidValue(`${path}.${name}`, spec[name], 'requires indexed completion mode'));
  }
  validateFailurePolicy(errors, `${path}.podFailurePolicy`, spec);
  validateSuccessPolicy(errors, `${path}.successPolicy`, spec);
  oneOf(errors, `${path}.podReplacementPolicy`, spec.podReplacementPolicy, spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed']);
  const inTemplate: Errors = [];
  validatePodTemplate(inTemplate, `${path}.template`, { ...spec.template, spec: spec.template?.spec ?? { containers: [] } });
  // Two of the generated labels have the job's name: what is wrong with it is wrong once.
  errors.push(...new Map(inTemplate.map((error) => [`${error.field} ${error.message}`, error])).values());
  validateRestartPolicy(errors, `${path}.template.spec.restartPolicy`, spec);
}

function validateRestartPolicy(errors: Errors, path: string, { template, podFailurePolicy }: JobSpec): void {
  const policy = template?.spec?.restartPolicy;
  if (policy === undefined || policy === 'Always') errors.push(required(path, 'valid values: "OnFailure", "Never"'));
  else if (policy !== 'OnFailure' && policy !== 'Never') errors.push(notSupported(path, policy, ['OnFailure', 'Never'], 'given'));
  else if (podFailurePolicy !== undefined && policy !== 'Never')
    errors.push(invalidValue(path, policy, 'only "Never" is supported when podFailurePolicy is specified'));
}

function validateDomainPath(errors: Errors, path: string, value: string): void {
  if (value === '') {
    errors.push(required(path));
    return;
  }
  const slash = value.indexOf('/');
  if (slash <= 0 || slash === value.length - 1) {
    errors.push(invalidValue(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")'));
    return;
  }
  named(errors, path, value.slice(0, slash), isDns1123Subdomain);
  const rest = value.slice(slash + 1);
  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(rest))
    errors.push(invalidValue(path, rest, "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"));
}

function validateIndexed(errors: Errors, path: string, { completions, parallelism, maxFailedIndexes: maxFailed, backoffLimitPerIndex }: JobSpec): void {
  const tooHigh = (name: string, value: number | undefined, max: number, when: string): void => {
    if (value !== undefined && value > max) errors.push(invalidValue(`${path}.${name}`, value, `must be less than or equal to ${max}${when}`));
  };
  if (completions === undefined) errors.push(required(`${path}.completions`, 'when completion mode is Indexed'));
  tooHigh('parallelism', parallelism, INDEXES_MANY, ' when completion mode is Indexed');
  if (completions !== undefined && maxFailed !== undefined && maxFailed > completions)
    errors.push(invalidValue(`${path}.maxFailedIndexes`, maxFailed, 'must be less than or equal to completions'));
  tooHigh('maxFailedIndexes', maxFailed, INDEXES_MANY, '');
  if (completions === undefined || completions <= INDEXES_MANY || backoffLimitPerIndex === undefined) return;
  if (maxFailed === undefined) errors.push(required(`${path}.maxFailedIndexes`, `must be specified when completions is above ${INDEXES_MANY}`));
  const when = ` when completions are above ${INDEXES_MANY} and used with backoff limit per index`;
  tooHigh('parallelism', parallelism, PARALLEL_FOR_MANY, when);
  tooHigh('maxFailedIndexes', maxFailed, PARALLEL_FOR_MANY, when);
}

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];

function validateFailurePolicy(errors: Errors, path: string, { podFailurePolicy, backoffLimitPerIndex, template }: JobSpec): void {
  const rules = podFailurePolicy?.rules ?? [];
  if (rules.length > RULES_MAX) errors.push(tooMany(`${path}.rules`, rules.length, RULES_MAX));
  const names = new Set([...(template?.spec?.containers ?? []), ...(template?.spec?.initContainers ?? [])].map(({ name }) => name));
  for (const [i, rule] of rules.entries()) {
    const at = `${path}.rules[${i}]`;
    const { action, onExitCodes, onPodConditions = [] } = rule;
    if (!action) errors.push(required(`${at}.action`, `valid values: ${quoted(ACTIONS)}`));
    else if (action === 'FailIndex') {
      if (backoffLimitPerIndex === undefined) errors.push(invalidValue(`${at}.action`, action, 'requires the backoffLimitPerIndex to be set'));
    } else oneOf(errors, `${at}.action`, action, ACTIONS);
    if (onExitCodes !== undefined) validateExitCodes(errors, `${at}.onExitCodes`, onExitCodes, names);
    if (onPodConditions.length > 0) validatePodConditions(errors, `${at}.onPodConditions`, onPodConditions);
    if (onExitCodes !== undefined && onPodConditions.length > 0) errors.push(omitted(at, 'specifying both OnExitCodes and OnPodConditions is not supported'));
    if (onExitCodes === undefined && onPodConditions.length === 0) errors.push(omitted(at, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
}

function validatePodConditions(errors: Errors, path: string, patterns: NonNullable<FailureRule['onPodConditions']>): void {
  const statuses = ['False', 'True', 'Unknown'];
  if (patterns.length > RULES_MAX) errors.push(tooMany(path, patterns.length, RULES_MAX));
  for (const [i, { type, status }] of patterns.entries()) {
    named(errors, `${path}[${i}].type`, type ?? '', isQualifiedName);
    if (!status) errors.push(required(`${path}[${i}].status`, `valid values: ${quoted(statuses)}`));
    else oneOf(errors, `${path}[${i}].status`, status, statuses);
  }
}

function validateExitCodes(errors: Errors, path: string, { operator, containerName, values = [] }: ExitCodes, names: ReadonlySet<string>): void {
  if (!operator) errors.push(required(`${path}.operator`, `valid values: ${quoted(['In', 'NotIn'])}`));
  else oneOf(errors, `${path}.operator`, operator, ['In', 'NotIn']);
  if (containerName !== undefined && !names.has(containerName))
    errors.push(invalidValue(`${path}.containerName`, containerName, 'must be one of the container or initContainer names in the pod template'));
  if (values.length === 0) errors.push(invalidValue(`${path}.values`, values, 'at least one value is required'));
  else if (values.length > EXIT_CODES_MAX) errors.push(tooMany(`${path}.values`, values.length, EXIT_CODES_MAX));
  for (const [i, value] of values.entries()) {
    if (operator === 'In' && value === 0) errors.push(invalidValue(`${path}.values[${i}]`, value, 'must not be 0 for the In operator'));
    if (values.indexOf(value) < i) errors.push(duplicate(`${path}.values[${i}]`, value));
  }
  if (values.some((value, i) => i > 0 && (values[i - 1] ?? 0) > value)) errors.push(invalidValue(`${path}.values`, values, 'must be ordered'));
}

function validateSuccessPolicy(errors: Errors, path: string, { successPolicy, completionMode, completions = 0 }: JobSpec): void {
  if (successPolicy === undefined) return;
  const { rules = [] } = successPolicy;
  if (completionMode !== 'Indexed') {
    // As upstream's own form of the object is written.
    const shown = {
      Rules: rules.map(({ succeededIndexes, succeededCount }) => ({ SucceededIndexes: succeededIndexes ?? null, SucceededCount: succeededCount ?? null })),
    };
    errors.push(invalidValue(path, shown, 'requires indexed completion mode'));
    return;
  }
  if (rules.length === 0) errors.push(required(`${path}.rules`, 'at least one rules must be specified when the successPolicy is specified'));
  if (rules.length > RULES_MAX) errors.push(tooMany(`${path}.rules`, rules.length, RULES_MAX));
  for (const [i, { succeededIndexes, succeededCount }] of rules.entries()) {
    const at = `${path}.rules[${i}]`;
    if (succeededCount === undefined && succeededIndexes === undefined)
      errors.push(required(at, 'at least one of succeededCount or succeededIndexes must be specified'));
    let indexes = 0;
    if (succeededIndexes !== undefined) {
      if (succeededIndexes.length > INDEXES_TEXT_MAX) errors.push(tooLong(`${at}.succeededIndexes`, INDEXES_TEXT_MAX));
      try {
        for (const [first, last] of parseIntervals(succeededIndexes, completions)) indexes += last - first + 1;
      } catch (error) {
        errors.push(invalidValue(`${at}.succeededIndexes`, succeededIndexes, `error parsing succeededIndexes: ${error instanceof Error ? error.message : ''}`));
      }
    }
    if (succeededCount === undefined) continue;
    nonNegative(errors, `${at}.succeededCount`, succeededCount);
    const atMost = (max: number, what: string): void => {
      if (succeededCount > max)
        errors.push(invalidValue(`${at}.succeededCount`, succeededCount, `must be less than or equal to ${max} (the number of ${what})`));
    };
    atMost(completions, 'specified completions');
    if (succeededIndexes !== undefined) atMost(indexes, 'indexes in the specified succeededIndexes field');
  }
}

function validateChange(errors: Errors, spec: JobSpec, old: Job): void {
  const before = old.spec as JobSpec;
  if (spec.completionMode !== 'Indexed') immutable(errors, 'spec.completions', spec.completions, before.completions);
  else if (spec.completions !== undefined && spec.completions !== before.completions && spec.completions !== spec.parallelism)
    errors.push(invalidValue('spec.completions', spec.completions, 'can only be modified in tandem with spec.parallelism'));
  immutable(errors, 'spec.selector', spec.selector, before.selector);
  immutable(errors, 'spec.template', fixedTemplate(spec, old), fixedTemplate(before, old));
  for (const name of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const)
    immutable(errors, `spec.${name}`, spec[name], before[name]);
}

/** Where pods go, and what they ask for, may change while a job is suspended and has none. */
function fixedTemplate({ template }: JobSpec, { spec, status }: Job): unknown {
  const halted = status?.conditions?.some(({ type, status: is }) => type === 'Suspended' && is === 'True') === true;
  const open = spec?.suspend === true && (status?.startTime === undefined || halted) && !status?.active;
  if (!open || template?.spec === undefined) return template;
  const { affinity, nodeSelector: _n, tolerations: _t, schedulingGates: _s, containers, initContainers, ...fixed } = template.spec;
  const { nodeAffinity: _a, ...otherAffinity } = affinity ?? {};
  const withoutResources = (list: PodSpec['containers'] | undefined) => list?.map(({ resources: _r, ...rest }) => rest);
  const { labels: _l, annotations: _an, ...metadata } = template.metadata ?? {};
  return sorted({
    metadata,
    spec: { ...fixed, affinity: otherAffinity, containers: withoutResources(containers), initContainers: withoutResources(initContainers) },
  });
}

export function validateCronJob(errors: Errors, { spec, metadata }: CronJob, old: CronJob | undefined): void {
  if (spec === undefined) return;
  const { schedule, timeZone, jobTemplate } = spec;
  if (schedule) validateSchedule(errors, schedule, timeZone, old?.spec?.schedule?.includes('TZ') === true);
  nonNegative(errors, 'spec.startingDeadlineSeconds', spec.startingDeadlineSeconds);
  if (timeZone !== undefined && (old === undefined || old.spec?.timeZone !== timeZone)) validateTimeZone(errors, timeZone);
  if (!spec.concurrencyPolicy) errors.push(required('spec.concurrencyPolicy'));
  else oneOf(errors, 'spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);
  validateJobSpec(errors, 'spec.jobTemplate.spec', jobTemplate?.spec ?? ({} as JobSpec));
  if (jobTemplate?.spec?.selector !== undefined)
    errors.push(invalidValue('spec.jobTemplate.spec.selector', jobTemplate.spec.selector, '`selector` will be auto-generated'));
  if (jobTemplate?.spec?.manualSelector === true) errors.push(notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false'], 'given'));
  nonNegative(errors, 'spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit);
  nonNegative(errors, 'spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit);
  if (old === undefined && (metadata.name ?? '').length > CRON_NAME_MAX)
    errors.push(invalidValue('metadata.name', metadata.name, `must be no more than ${CRON_NAME_MAX} characters`));
  // Upstream's rules that are said in the types come last.
  if (!schedule) errors.push(required('spec.schedule'));
}

function validateSchedule(errors: Errors, schedule: string, timeZone: string | undefined, zoneAllowed: boolean): void {
  const path = 'spec.schedule';
  try {
    parseSchedule(schedule);
  } catch (error) {
    errors.push(invalidValue(path, schedule, error instanceof Error ? error.message : String(error)));
  }
  if (!schedule.includes('TZ')) return;
  if (!zoneAllowed) errors.push(invalidValue(path, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  else if (timeZone !== undefined) errors.push(invalidValue(path, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
}

function validateTimeZone(errors: Errors, timeZone: string): void {
  const path = 'spec.timeZone';
  const wrong = (why: string): void => void errors.push(invalidValue(path, timeZone, why));
  if (timeZone === '') return wrong('timeZone must be nil or non-empty string');
  if (timeZone.split('/').some((part) => part === '.' || part === '..' || part.startsWith('-') || !/^[A-Za-z.\-_0-9+]{1,14}$/.test(part)))
    return wrong(`unknown time zone ${timeZone}`);
  // Go's name for the machine's own zone.
  if (timeZone.toLowerCase() === 'local') wrong('timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones');
  if (timeZone === 'Local') return;
  try {
    Zone.load(timeZone);
  } catch (error) {
    wrong(error instanceof Error ? error.message : String(error));
  }
}
