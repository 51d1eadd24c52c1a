/** Names for what goes wrong on a connection, as few as tell the causes apart. */
const KINDS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ETIMEDOUT: 'no connection',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  EADDRNOTAVAIL: 'no local port left',
};

export function errorKind(error: Error & { code?: string }): string {
  const { code } = error;
  if (code === undefined) return error.message;
  return KINDS[code] ?? (/CERT|TLS|SSL|VERIFY|SIGNED/.test(code) ? `TLS: ${error.message}` : code);
}
