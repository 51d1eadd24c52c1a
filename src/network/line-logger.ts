/** A Logger that writes JSON lines to stdout, in the shape of the cluster's log (pino's), without loading pino. */
import type { Logger } from '../runtime/log.ts';

const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const;

/** Lines below info are left out. */
export function lineLogger(component: string, fields: Record<string, unknown> = {}): Logger {
  const at =
    (level: keyof typeof LEVELS) =>
    (message: string, more: Record<string, unknown> = {}): void => {
      process.stdout.write(`${JSON.stringify({ level: LEVELS[level], time: Date.now(), component, ...fields, ...more, msg: message })}\n`);
    };
  return {
    debug: () => undefined,
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => lineLogger(component, { ...fields, ...more }),
  };
}
