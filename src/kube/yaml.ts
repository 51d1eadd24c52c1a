/** YAML, to be loaded when it is needed. The package is CommonJS: loaded by itself from the bundle it would have no names. */
export { parse, stringify } from 'yaml';
