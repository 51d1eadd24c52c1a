/** Upstream's protobuf messages: generated.proto for names, types and numbers; the Go structs for what protobuf does not say. */
import { readFileSync } from 'node:fs';

export interface MessageField {
  /** In JSON; '' for a struct embedded in Go, whose fields are its owner's. */
  name: string;
  number: number;
  /** A scalar of protobuf, or the full name of a message ('k8s.io.api.core.v1.Container'). */
  type: string;
  container?: 'l' | 'm';
  /** Go keeps it by pointer: its zero value differs from its absence. */
  pointer: boolean;
  /** Go leaves its zero out of JSON. */
  omitted: boolean;
}

export interface Message {
  /** 'k8s.io.api.core.v1.Pod' */
  name: string;
  /** Has apiVersion and kind. */
  kind: boolean;
  fields: MessageField[];
}

interface GoStruct {
  kind: boolean;
  /** By the name in their tag of protobuf. */
  fields: Map<string, GoField>;
}

interface GoField {
  json: string;
  pointer: boolean;
  omitted: boolean;
}

/** Every message of the .proto files, by full name; `sources` are Go's, of the same packages. */
export function readMessages(protos: readonly string[], sources: readonly string[]): Map<string, Message> {
  const structs = new Map<string, GoStruct>();
  for (const file of sources) readStructs(file, structs);
  const messages = new Map<string, Message>();
  for (const file of protos) readProto(file, structs, messages);
  return messages;
}

/** 'k8s.io/api/core/v1' of a file in the module cache, as protobuf writes it. */
function packageOf(file: string): string {
  const [, module = '', path = ''] = /(k8s\.io\/[^@/]+)@[^/]+\/(.*)\/[^/]+$/.exec(file) ?? [];
  return `${module}/${path}`.replaceAll('/', '.');
}

/** One line of a struct: type, name and options in JSON, tag of protobuf. */
const FIELD = /^\t(?:\w+ +)?([^\s`]+)\s+`json:"([^",]*)([^"]*)"[^`\n]*? protobuf:"([^"]*)"/gm;

/** An embedded struct may have no name in its tag, and goes by its type's. */
function readStructs(file: string, structs: Map<string, GoStruct>): void {
  const scope = packageOf(file);
  for (const [, name = '', body = ''] of readFileSync(file, 'utf8').matchAll(/^(?:type |\t)(\w+) struct \{\n([\s\S]*?)^\}/gm)) {
    const fields = new Map<string, GoField>();
    for (const [, type = '', json = '', options = '', tags = ''] of body.matchAll(FIELD)) {
      const tag = /name=([^,]+)/.exec(tags)?.[1] ?? type.charAt(0).toLowerCase() + type.slice(1);
      fields.set(tag, { json, pointer: type.startsWith('*'), omitted: /omitempty|omitzero/.test(options) });
    }
    structs.set(`${scope}.${name}`, { kind: /^\t(?:metav1\.)?TypeMeta\s/m.test(body), fields });
  }
}

function readProto(file: string, structs: ReadonlyMap<string, GoStruct>, messages: Map<string, Message>): void {
  const text = readFileSync(file, 'utf8').replace(/^\s*\/\/.*$/gm, '');
  const scope = packageOf(file);
  for (const [, name = '', body = ''] of text.matchAll(/^message (\w+) \{([\s\S]*?)^\}/gm)) {
    const full = `${scope}.${name}`;
    const struct = structs.get(full);
    const message: Message = { name: full, kind: struct?.kind === true, fields: [] };
    for (const [, label, key, written = '', tag = '', number] of body.matchAll(
      /^\s+(?:(optional|repeated|map)\s*)?(?:<(\w+), )?([\w.-]+)>? ([\w-]+) = (\d+)/gm,
    )) {
      if (label === undefined) continue;
      const go = struct?.fields.get(tag);
      message.fields.push({
        name: go?.json ?? tag,
        number: Number(number),
        type: qualified(written, scope),
        pointer: go?.pointer === true,
        omitted: go?.omitted !== false,
        ...(key !== undefined ? { container: 'm' as const } : label === 'repeated' ? { container: 'l' as const } : {}),
      });
    }
    messages.set(full, message);
  }
}

const SCALARS = new Set(['double', 'int64', 'int32', 'bool', 'string', 'bytes']);

function qualified(type: string, scope: string): string {
  if (SCALARS.has(type)) return type;
  return type.startsWith('.') ? type.slice(1).replaceAll('_', '-') : `${scope}.${type}`;
}
