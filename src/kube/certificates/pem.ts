/** Blocks of PEM in a text, whatever stands between them. */
export interface PemBlock {
  /** 'CERTIFICATE' */
  type: string;
  hasHeaders: boolean;
  /** The whole block. */
  text: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n((?:[\w-]+: .*\r?\n)*)[A-Za-z0-9+/=\s]*-----END \1-----/g;

export function pemBlocks(text: string): PemBlock[] {
  return Array.from(text.matchAll(BLOCK), ([block, type = '', headers]) => ({ type, hasHeaders: headers !== '', text: block }));
}
