/** The cluster's log: JSON lines on stdout, which `up` has joined to logs/cluster.log. */
import { pino, type Logger as Pino } from 'pino';
import type { Logger } from '../../runtime/log.ts';

/** `ARGOSY_LOG` sets the level: debug, info (default), warn, error. */
export function clusterLogger(): Logger {
  return wrap(pino({ level: process.env.ARGOSY_LOG ?? 'info', base: null }, pino.destination({ fd: 1, sync: true })));
}

/** pino takes the fields first. */
function wrap(log: Pino): Logger {
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
    child: (fields) => wrap(log.child(fields)),
  };
}
