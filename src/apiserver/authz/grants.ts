/** Many rules, arranged so that one question costs a few look-ups however many there are. */
import type { PolicyRule } from '../../kube/rbac/types.ts';
import { isPath, type Attributes, type ResourceAttributes } from './attributes.ts';
import { urlCovers } from './rules.ts';

const ALL = '*';

export class Grants {
  /** 'verb group resource', each as a rule has it. */
  readonly #granted = new Set<string>();
  /** The same, for rules with names. */
  readonly #named = new Map<string, Set<string>>();
  readonly #urls = new Map<string, string[]>();
  /** Few rules speak of all verbs, groups or resources: without one, there is nothing to look up. */
  #wildVerb = false;
  #wildGroup = false;
  #wildResource = false;

  constructor(rules: Iterable<PolicyRule>) {
    for (const rule of rules) this.#add(rule);
  }

  #add({ verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): void {
    this.#wildVerb ||= verbs.includes(ALL);
    this.#wildGroup ||= apiGroups.includes(ALL);
    this.#wildResource ||= resources.some((resource) => resource.startsWith(ALL));
    for (const verb of verbs) {
      if (nonResourceURLs.length > 0) this.#urls.set(verb, [...(this.#urls.get(verb) ?? []), ...nonResourceURLs]);
      for (const group of apiGroups)
        for (const resource of resources) {
          const key = `${verb} ${group} ${resource}`;
          if (resourceNames.length === 0) this.#granted.add(key);
          else {
            let names = this.#named.get(key);
            if (names === undefined) this.#named.set(key, (names = new Set()));
            for (const name of resourceNames) names.add(name);
          }
        }
    }
  }

  allow(attributes: Attributes): boolean {
    return this.#allows(attributes.verb, attributes) || (this.#wildVerb && this.#allows(ALL, attributes));
  }

  #allows(verb: string, attributes: Attributes): boolean {
    if (isPath(attributes)) return this.#urls.get(verb)?.some((url) => urlCovers(url, attributes.path)) === true;
    return this.#inGroup(`${verb} ${attributes.group}`, attributes) || (this.#wildGroup && this.#inGroup(`${verb} *`, attributes));
  }

  #inGroup(head: string, { plural, subresource, name }: ResourceAttributes): boolean {
    if (this.#has(subresource ? `${head} ${plural}/${subresource}` : `${head} ${plural}`, name)) return true;
    return this.#wildResource && (this.#has(`${head} *`, name) || (!!subresource && this.#has(`${head} */${subresource}`, name)));
  }

  #has(key: string, name = ''): boolean {
    return this.#granted.has(key) || (this.#named.size > 0 && this.#named.get(key)?.has(name) === true);
  }
}
