/** The messages of KEDA's contract with external scalers (externalscaler.ExternalScaler), in protobuf. */
import { WireReader } from '../../../kube/protobuf/wire.ts';

export interface ScaledObjectRef {
  name: string;
  namespace: string;
  metadata: Readonly<Record<string, string>>;
}

export interface ExternalSpec {
  metricName: string;
  target: number;
}

const LENGTH_DELIMITED = 2;

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

function field(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([...varint(number * 8 + LENGTH_DELIMITED), ...varint(content.length)]), content]);
}

const text = (number: number, value: string): Buffer => (value === '' ? Buffer.alloc(0) : field(number, Buffer.from(value)));

export function encodeRef({ name, namespace, metadata }: ScaledObjectRef): Buffer {
  const entries = Object.entries(metadata).map(([key, value]) => field(3, Buffer.concat([text(1, key), text(2, value)])));
  return Buffer.concat([text(1, name), text(2, namespace), ...entries]);
}

export function encodeMetricsRequest(ref: ScaledObjectRef, metricName: string): Buffer {
  return Buffer.concat([field(1, encodeRef(ref)), text(2, metricName)]);
}

/** Calls `read` with each field; what it does not take is skipped. */
function fields(bytes: Uint8Array, read: (number: number, reader: WireReader) => boolean): void {
  const reader = new WireReader(bytes);
  while (reader.more()) {
    const { number, wireType } = reader.tag();
    if (!read(number, reader)) reader.skip(wireType);
  }
}

export function decodeIsActive(bytes: Uint8Array): boolean {
  let active = false;
  fields(bytes, (number, reader) => {
    if (number !== 1) return false;
    active = reader.varint() !== 0n;
    return true;
  });
  return active;
}

/** A name, a whole number that is the older form, and a number with a fraction, which counts where it is above zero. */
function decodeNumbers(bytes: Uint8Array): { metricName: string; value: number }[] {
  const all: { metricName: string; value: number }[] = [];
  fields(bytes, (number, reader) => {
    if (number !== 1) return false;
    let [metricName, whole, float] = ['', 0, 0];
    fields(reader.bytes(), (inner, one) => {
      if (inner === 1) metricName = one.text();
      else if (inner === 2) whole = one.int();
      else if (inner === 3) float = one.double();
      else return false;
      return true;
    });
    all.push({ metricName, value: float > 0 ? float : whole });
    return true;
  });
  return all;
}

export function decodeMetricSpecs(bytes: Uint8Array): ExternalSpec[] {
  return decodeNumbers(bytes).map(({ metricName, value }) => ({ metricName, target: value }));
}

export function decodeMetricValues(bytes: Uint8Array): { metricName: string; value: number }[] {
  return decodeNumbers(bytes);
}
