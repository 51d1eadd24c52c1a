/** Reading DER (ITU-T X.690), as far as certificate requests need it. */

export interface Element {
  tag: number;
  content: Buffer;
  /** Tag, length and content. */
  raw: Buffer;
}

const LENGTH_BYTES_MAX = 4;

/** The first element and what follows it. Throws an Error when the bytes are no DER. */
function readFirst(bytes: Buffer): [Element, Buffer] {
  const tag = bytes[0];
  let length = bytes[1];
  // Tags above 30 take more bytes; X.509 has none.
  if (tag === undefined || length === undefined || (tag & 0x1f) === 0x1f) throw truncated();
  let start = 2;
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > LENGTH_BYTES_MAX || bytes.length < 2 + count) throw truncated();
    length = bytes.readUIntBE(2, count);
    start += count;
  }
  const end = start + length;
  if (end > bytes.length) throw truncated();
  return [{ tag, content: bytes.subarray(start, end), raw: bytes.subarray(0, end) }, bytes.subarray(end)];
}

/** All elements of a constructed value's content. */
export function readAll(content: Buffer): Element[] {
  const elements: Element[] = [];
  for (let rest = content; rest.length > 0;) {
    const [element, after] = readFirst(rest);
    elements.push(element);
    rest = after;
  }
  return elements;
}

/** The content of the one element that `bytes` are. */
export function readSequence(bytes: Buffer): Element[] {
  const [element, rest] = readFirst(bytes);
  if (rest.length > 0) throw new Error('asn1: syntax error: trailing data');
  if (element.tag !== 0x30) throw new Error("asn1: structure error: tags don't match");
  return readAll(element.content);
}

/** '1.2.840.10045.4.3.2' */
export function readObjectIdentifier(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...rest] = arcs;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...rest].join('.');
}

/** Text of the string types that names are written in. */
export function readText({ tag, content }: Element): string {
  // BMPString: two bytes a character, the high one first.
  if (tag === 0x1e) return Buffer.from(content).swap16().toString('utf16le');
  return content.toString(tag === 0x14 ? 'latin1' : 'utf8');
}

function truncated(): Error {
  return new Error('asn1: syntax error: data truncated');
}
