/** Events have two APIs over one storage: the core form is stored, events.k8s.io/v1 is converted. */
import type { KubeObject, Unstructured } from '../../kube/types.ts';
import { field, fields, type FieldReaders } from './define.ts';

const OBJECT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

/** The source of an event is its component, whichever field holds it. */
function component(object: KubeObject): string {
  const event = object as Unstructured & { source?: { component?: string }; reportingComponent?: string };
  return event.source?.component || event.reportingComponent || '';
}

export const coreEventFields: FieldReaders = {
  ...fields(...OBJECT_FIELDS.map((name) => `involvedObject.${name}`), 'reason', 'reportingComponent', 'type'),
  source: component,
};

export const newEventFields: FieldReaders = {
  ...fields(...OBJECT_FIELDS.map((name) => `regarding.${name}`), 'reason', 'reportingController', 'type'),
  reportingController: field('reportingController'),
};

/** Core name to events.k8s.io name; fields that are called the same in both are copied. */
const RENAMED: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];
const TO_NEW = new Map(RENAMED);
const TO_CORE = new Map(RENAMED.map(([core, name]) => [name, core] as const));

function rename(object: KubeObject, names: ReadonlyMap<string, string>, apiVersion: string): KubeObject {
  const entries = Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value] as const);
  return { ...Object.fromEntries(entries), apiVersion } as unknown as KubeObject;
}

export const convertEvent = {
  toStorage: (object: KubeObject): KubeObject => rename(object, TO_CORE, 'v1'),
  fromStorage: (object: KubeObject): KubeObject => rename(object, TO_NEW, 'events.k8s.io/v1'),
};
