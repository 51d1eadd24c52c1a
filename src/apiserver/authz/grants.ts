/** Many rules, arranged so that one question costs a few look-ups however many there are. */
import type { PolicyRule } from '../../kube/rbac/types.ts';
import { isPath, type Attributes } from './attributes.ts';
import { urlCovers } from './rules.ts';

const ALL = '*';

export class Grants {
  /** 'verb group resource', each as a rule has it. */
  readonly #granted = new Set<string>();
  /** The same, for rules with names. */
  readonly #named = new Map<string, Set<string>>();
  readonly #urls = new Map<string, string[]>();

  constructor(rules: Iterable<PolicyRule>) {
    for (const rule of rules) this.#add(rule);
  }

  #add({ verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): void {
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
    const { verb } = attributes;
    return this.#allows(verb, attributes) || this.#allows(ALL, attributes);
  }

  #allows(verb: string, attributes: Attributes): boolean {
    if (isPath(attributes)) return this.#urls.get(verb)?.some((url) => urlCovers(url, attributes.path)) === true;
    const { group, plural, subresource, name } = attributes;
    const resource = subresource ? `${plural}/${subresource}` : plural;
    return (
      this.#has(`${verb} ${group} ${resource}`, name) ||
      this.#has(`${verb} * ${resource}`, name) ||
      this.#has(`${verb} ${group} *`, name) ||
      this.#has(`${verb} * *`, name) ||
      (!!subresource && (this.#has(`${verb} ${group} */${subresource}`, name) || this.#has(`${verb} * */${subresource}`, name)))
    );
  }

  #has(key: string, name = ''): boolean {
    return this.#granted.has(key) || (this.#named.size > 0 && this.#named.get(key)?.has(name) === true);
  }
}
