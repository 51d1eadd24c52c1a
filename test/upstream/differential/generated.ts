/** Cases made from the samples: each field of each kind left out, of the wrong type, or with a value that should be refused. */
import { type Case, JSON_PATCH, MERGE_PATCH, METADATA, STRATEGIC_PATCH, TABLE } from './case.ts';
import { type Sample, SAMPLES } from './samples.ts';

type Path = readonly (string | number)[];

/** What each place is tried with; undefined leaves it out. */
const WRONG: readonly unknown[] = [undefined, null, '', 'Not Valid!', -1, 99999999, 1.5, true, {}, [], ['x'], { unknownField: 'x' }];

export function generatedCases(): Case[] {
  return SAMPLES.flatMap((sample) => [...lifeCases(sample), ...wrongFieldCases(sample)]);
}

function collectionPath({ base, plural, namespaced }: Sample): string {
  return `${base}/${namespaced ? 'namespaces/NAMESPACE/' : ''}${plural}`;
}

function nameOf(sample: Sample): string {
  return (sample.object.metadata as { name: string }).name;
}

/** Every verb and form on a good object. */
function lifeCases(sample: Sample): Case[] {
  const collection = collectionPath(sample);
  const one = `${collection}/${nameOf(sample)}`;
  const kind = String(sample.object.kind);
  const create = { method: 'POST', path: collection, body: sample.object };
  const annotate = { metadata: { annotations: { note: 'x' } } };
  const gone = { method: 'DELETE', path: one, body: { gracePeriodSeconds: 0 } };
  return [
    { name: `${kind}: created, read, created again`, steps: [create, { path: one }, create, { path: one, headers: METADATA }, gone] },
    {
      name: `${kind}: not there`,
      steps: [
        { path: `${collection}/absent` },
        { method: 'DELETE', path: `${collection}/absent` },
        { method: 'PATCH', path: `${collection}/absent`, headers: MERGE_PATCH, body: annotate },
      ],
    },
    { name: `${kind}: annotated by a merge patch`, steps: [create, { method: 'PATCH', path: one, headers: MERGE_PATCH, body: annotate }, gone] },
    { name: `${kind}: annotated by a strategic patch`, steps: [create, { method: 'PATCH', path: one, headers: STRATEGIC_PATCH, body: annotate }, gone] },
    {
      name: `${kind}: labelled by a JSON patch`,
      steps: [create, { method: 'PATCH', path: one, headers: JSON_PATCH, body: [{ op: 'add', path: '/metadata/labels/more', value: 'x' }] }, gone],
    },
    {
      name: `${kind}: a failing JSON patch`,
      steps: [create, { method: 'PATCH', path: one, headers: JSON_PATCH, body: [{ op: 'test', path: '/metadata/name', value: 'x' }] }, gone],
    },
    { name: `${kind}: replaced without a revision`, steps: [create, { method: 'PUT', path: one, body: sample.object }, gone] },
    {
      name: `${kind}: replaced with a stale revision`,
      steps: [create, { method: 'PUT', path: one, body: withField(sample.object, ['metadata', 'resourceVersion'], '1') }, gone],
    },
    {
      name: `${kind}: another name in the body`,
      steps: [create, { method: 'PUT', path: one, body: withField(sample.object, ['metadata', 'name'], 'other') }, gone],
    },
    {
      name: `${kind}: an unknown field`,
      steps: [{ ...create, path: `${collection}?dryRun=All&fieldValidation=Strict`, body: { ...sample.object, unknown: 1 } }],
    },
    { name: `${kind}: an unknown field, warned of`, steps: [{ ...create, path: `${collection}?dryRun=All`, body: { ...sample.object, unknown: 1 } }] },
    {
      name: `${kind}: a generated name`,
      steps: [
        {
          ...create,
          path: `${collection}?dryRun=All`,
          body: withField(withField(sample.object, ['metadata', 'name'], undefined), ['metadata', 'generateName'], 'generated-'),
        },
      ],
    },
    { name: `${kind}: deleted by a wrong uid`, steps: [create, { method: 'DELETE', path: one, body: { preconditions: { uid: '0' } } }, gone] },
    { name: `${kind}: deleted with orphans`, steps: [create, { method: 'DELETE', path: one, body: { propagationPolicy: 'Orphan' } }, { path: one }] },
    { name: `${kind}: deleted in the foreground`, steps: [create, { method: 'DELETE', path: one, body: { propagationPolicy: 'Foreground' } }, { path: one }] },
    ...(sample.namespaced
      ? [
          {
            name: `${kind}: listed`,
            steps: [
              create,
              { path: collection },
              { path: `${collection}?labelSelector=app%3Dweb` },
              { path: `${collection}?fieldSelector=metadata.name%3Dother` },
            ],
          },
          { name: `${kind}: in a table`, steps: [create, { path: collection, headers: TABLE }, { path: one, headers: TABLE }] },
          { name: `${kind}: an unknown field selector`, steps: [{ path: `${collection}?fieldSelector=no.such%3Dx` }] },
          {
            name: `${kind}: all deleted`,
            steps: [create, { method: 'DELETE', path: `${collection}?labelSelector=app%3Dother` }, { method: 'DELETE', path: collection }],
          },
        ]
      : []),
  ];
}

function wrongFieldCases(sample: Sample): Case[] {
  const path = `${collectionPath(sample)}?dryRun=All`;
  return placesIn(sample.object).flatMap((place) =>
    WRONG.map((value) => ({
      name: `${String(sample.object.kind)}: ${place.join('.')} ${value === undefined ? 'left out' : `is ${JSON.stringify(value)}`}`,
      steps: [{ method: 'POST', path, body: withField(sample.object, place, value) }],
    })),
  );
}

function placesIn(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const place = [...at, Array.isArray(value) ? Number(key) : key];
    return [place, ...placesIn(inner, place)];
  });
}

/** A copy with one place changed. */
function withField<T>(object: T, place: Path, value: unknown): T {
  const copy = structuredClone(object);
  let parent = copy as Record<string | number, unknown>;
  for (const key of place.slice(0, -1)) parent = parent[key] as Record<string | number, unknown>;
  const last = place.at(-1) ?? '';
  if (value !== undefined) parent[last] = value;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return copy;
}
