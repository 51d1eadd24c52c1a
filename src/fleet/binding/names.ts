/** Names of works: stable, and different for whatever differs in kind, namespace or name. */
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a, 32 bits, of the text's UTF-8. */
function fnv1a(text: string): number {
  let hash = OFFSET;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, PRIME) >>> 0;
  return hash;
}

/** `<name>-<hash>`, as Karmada's GenerateWorkName; long names lose their middle, never their hash. */
export function workName(kind: string, name: string, namespace: string | undefined): string {
  const text = namespace === undefined ? `${kind}-${name}` : `${namespace}-${kind}-${name}`;
  return `${name.replaceAll(':', '.').slice(0, 200)}-${fnv1a(text.toLowerCase()).toString(36)}`;
}
