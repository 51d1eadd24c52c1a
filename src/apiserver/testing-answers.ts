/** The shape of answers, for tests over HTTP. */
import type { IncomingMessage } from 'node:http';

/** What these tests look at in answers of all kinds; no answer has all of it. */
export interface Body {
  kind: string;
  code: number;
  reason: string;
  message: string;
  name: string;
  singularName: string;
  metadata: { name: string; resourceVersion: string; continue?: string; annotations: Record<string, string> };
  data?: Record<string, string>;
  details: { name: string };
  status: { token: string; authenticated: boolean; userInfo: User };
  items: Body[];
  columnDefinitions: { name: string }[] | null;
  rows: { cells: unknown[]; object: Body }[];
  versions: string[];
  groups: { name: string; preferredVersion: { groupVersion: string } }[];
  resources: Body[];
  paths: Record<string, { serverRelativeURL: string }>;
  components: { schemas: Record<string, object> };
}

export interface User {
  username: string;
  groups: string[];
  extra: Record<string, string[]>;
  /** Instead of the above, when the request was refused. */
  code: number;
  message: string;
}

/** The lines of a watch, as they come. */
export async function* lines(response: IncomingMessage): AsyncGenerator<{ type: string; object: Body }> {
  let rest = '';
  for await (const chunk of response) {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) yield JSON.parse(line) as { type: string; object: Body };
  }
}
