/**
 * Runs `task` `count` times in batches of 1, 2, 4, ...: when every task fails for the same reason (a quota, an admission webhook),
 * only a few requests are wasted. Stops after the batch with the first failure.
 * Answers how many succeeded, how many were never tried, and the first error.
 */
export async function slowStart(count: number, task: (index: number) => Promise<void>): Promise<{ succeeded: number; skipped: number; error?: unknown }> {
  let started = 0;
  let succeeded = 0;
  for (let size = Math.min(1, count); size > 0; size = Math.min(2 * size, count - started)) {
    const first = started;
    started += size;
    const results = await Promise.allSettled(Array.from({ length: size }, (_, i) => task(first + i)));
    succeeded += results.filter((result) => result.status === 'fulfilled').length;
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) return { succeeded, skipped: count - started, error: failure.reason };
  }
  return { succeeded, skipped: 0 };
}

/** Runs `task` on all items, at most `limit` at a time; throws the first error after all have ended. */
export async function forEachLimited<T>(items: readonly T[], limit: number, task: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const errors: unknown[] = [];
  const worker = async () => {
    while (next < items.length) {
      const item = items[next++]!;
      await task(item).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (errors.length > 0) throw errors[0];
}
