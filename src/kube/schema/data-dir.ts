import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Beside this file when run from src/; beside the bundle when run from dist/. */
export const dataDir = [join(import.meta.dirname, 'data'), join(import.meta.dirname, 'schema-data')].find(existsSync) ?? join(import.meta.dirname, 'data');
