/** Kinds in which programs write down what they do: leases, events, revisions. */
import { isQualifiedName } from '../names.ts';
import type { ControllerRevision, Event, KubeObject, Lease, Unstructured } from '../types.ts';
import { immutable, invalidValue, named, nonNegative, positive, required, type Errors } from './field.ts';

export function validateLease(errors: Errors, { spec }: Lease): void {
  positive(errors, 'spec.leaseDurationSeconds', spec?.leaseDurationSeconds);
  nonNegative(errors, 'spec.leaseTransitions', spec?.leaseTransitions);
}

export function validateControllerRevision(errors: Errors, { revision, data }: ControllerRevision, old: ControllerRevision | undefined): void {
  nonNegative(errors, 'revision', revision);
  if (data === undefined || data === null) errors.push(required('data', 'data is mandatory'));
  else if (typeof data !== 'object' || Array.isArray(data)) errors.push(required('data', 'data must be a valid JSON object'));
  if (old !== undefined) immutable(errors, 'data', data, old.data);
}

const LABEL_MAX = 128;
const NOTE_MAX = 1024;

const namespaceOf = ({ metadata }: KubeObject): string => metadata.namespace ?? '';

/** As a client of core/v1 wrote it: only what has a time of the newer kind is checked in full. */
export function validateEvent(errors: Errors, event: Event): void {
  checkCommon(errors, event, 'reportingComponent');
}

/** `reporter`: what the field is called in the version of the request. */
function checkCommon(errors: Errors, event: Event, reporter: string): void {
  const own = namespaceOf(event);
  const { namespace = '' } = event.involvedObject ?? {};
  const mismatch = (): void => void errors.push(invalidValue('involvedObject.namespace', namespace, 'does not match event.namespace'));
  if (!event.eventTime) {
    if (namespace === '' ? own !== '' && own !== 'default' : own !== namespace) mismatch();
    return;
  }
  if (namespace === '' && own !== 'default' && own !== 'kube-system') mismatch();
  const { reportingComponent = '', reportingInstance = '', action = '', reason = '', message = '' } = event;
  if (reportingComponent === '') errors.push(required(reporter));
  named(errors, reporter, reportingComponent, isQualifiedName);
  const short = (field: string, value: string): void => {
    if (value === '') errors.push(required(field));
    if (value.length > LABEL_MAX) errors.push(tooManyCharacters(field, LABEL_MAX));
  };
  short('reportingInstance', reportingInstance);
  short('action', action);
  short('reason', reason);
  if (message.length > NOTE_MAX) errors.push(tooManyCharacters('message', NOTE_MAX));
}

const tooManyCharacters = (field: string, max: number) => invalidValue(field, '', `can have at most ${max} characters`);

/** Names of events.k8s.io/v1 and of core/v1 for the same fields. */
const CORE_NAMES = {
  regarding: 'involvedObject',
  note: 'message',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
} as const;

const FIXED = ['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'reason', 'type', 'eventTime', 'action', 'related'];

/** As a client of events.k8s.io/v1 wrote it; fields are named as in the core, where upstream checks them. */
export function validateNewEvent(errors: Errors, object: Unstructured, old: Unstructured | undefined): void {
  const event = inCoreForm(object);
  checkCommon(errors, event, 'reportingController');
  const before = old && inCoreForm(old);
  if (before === undefined) {
    checkSeries(errors, event);
    if (!event.eventTime) errors.push(required('eventTime'));
    const { type = '', firstTimestamp, lastTimestamp, count, source } = event;
    if (type !== 'Normal' && type !== 'Warning') errors.push(invalidValue('type', '', `has invalid value: ${type}`));
    const unset = (field: string, value: unknown): void => {
      if (value) errors.push(invalidValue(field, '', 'needs to be unset'));
    };
    unset('firstTimestamp', firstTimestamp);
    unset('lastTimestamp', lastTimestamp);
    unset('count', count);
    unset('source', source?.component || source?.host);
    return;
  }
  if (JSON.stringify(event.series) !== JSON.stringify(before.series)) checkSeries(errors, event);
  const [next, previous] = [event as unknown as Unstructured, before as unknown as Unstructured];
  for (const field of FIXED) immutable(errors, field, next[field], previous[field]);
  immutable(errors, 'reportingController', event.reportingComponent, before.reportingComponent);
  immutable(errors, 'reportingInstance', event.reportingInstance, before.reportingInstance);
}

function inCoreForm(object: Unstructured): Event {
  const names: Record<string, string> = CORE_NAMES;
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [names[name] ?? name, value])) as unknown as Event;
}

function checkSeries(errors: Errors, { series }: Event): void {
  if (series === undefined) return;
  if ((series.count ?? 0) < 2) errors.push(invalidValue('series.count', '', 'should be at least 2'));
  if (!series.lastObservedTime) errors.push(required('series.lastObservedTime'));
}
