/** Where a configuration names what can only be replaced as a whole. */
import { resolved, type Shape } from '../../kube/apply/shape.ts';

/** Upstream's paths of atomic lists, maps and structs: '.spec.selector', '.spec.items[0].ports'. */
export function atomicsIn(value: unknown, shape: Shape, path = ''): string[] {
  const known = resolved(shape, value);
  if (typeof value !== 'object' || value === null || known.kind === 'scalar') return [];
  const own = known.atomic ? [path] : [];
  if (known.kind === 'list') return [...own, ...(Array.isArray(value) ? value.flatMap((item, i) => atomicsIn(item, known.element, `${path}[${i}]`)) : [])];
  return [
    ...own,
    ...Object.entries(value).flatMap(([name, member]) => {
      // Upstream looks at fields, and not into maps.
      const inner = known.fields.get(name)?.shape;
      return inner === undefined ? [] : atomicsIn(member, inner, `${path}.${name}`);
    }),
  ];
}
