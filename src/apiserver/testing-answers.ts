/** The shape of answers, for tests over HTTP. */

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
