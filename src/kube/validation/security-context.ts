import { invalidValue, type Errors } from './field.ts';

const USER_MAX = 2 ** 31 - 1;

/** Users and groups of a pod or of a container. */
export function validateIds(errors: Errors, path: string, context: Partial<Record<'runAsUser' | 'runAsGroup' | 'fsGroup', number>> | undefined): void {
  for (const field of ['runAsUser', 'runAsGroup', 'fsGroup'] as const) {
    const id = context?.[field];
    if (id !== undefined && (id < 0 || id > USER_MAX)) errors.push(invalidValue(`${path}.${field}`, id, `must be between 0 and ${USER_MAX}, inclusive`));
  }
}
