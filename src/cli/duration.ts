/** Durations in Go's form, as Kubernetes users write them: '20s', '1m30s', '500ms'. */
const UNITS_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;

/** Milliseconds. Throws with the mend in its message. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(PART)];
  if (text === '0') return 0;
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw new Error(`'${text}' is not a duration: write it like 20s, 2m or 1m30s`);
  }
  return Math.round(parts.reduce((sum, [, value, unit]) => sum + Number(value) * UNITS_MS[unit!]!, 0));
}

/** '1m30s' */
export function formatDuration(ms: number): string {
  if (ms < 1000) return ms === 0 ? '0s' : `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = (ms % 60_000) / 1000;
  return [hours > 0 && `${hours}h`, minutes > 0 && `${minutes}m`, seconds > 0 && `${seconds}s`].filter(Boolean).join('');
}
