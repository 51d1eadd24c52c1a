/** A load that runs beside what is measured. */
import { httpTransport } from '../../load/http/transport.ts';
import { preciseClock } from '../../load/precise-clock.ts';
import { runLoad, type LoadResult, type Profile } from '../../load/run.ts';
import type { SecondPoint } from '../../load/recorder.ts';
import { realRandom } from '../../runtime/random.ts';

export interface BackgroundLoad {
  /** Requests ended a second, over the last whole seconds. */
  requestsPerSecond(seconds: number): number;
  users(): number;
  /** Ends it; what is on its way then is not waited for. */
  stop(): Promise<LoadResult>;
}

export interface LoadOptions {
  url: string;
  profile: Profile;
  /** Answers after which a connection is made anew, and finds pods that are new. */
  requestsPerConnection: number;
  timeoutMs: number;
  /** The longest it goes on. */
  durationMs: number;
}

export async function startLoad({ url, profile, requestsPerConnection, timeoutMs, durationMs }: LoadOptions): Promise<BackgroundLoad> {
  const transport = await httpTransport({ url: new URL(url), method: 'GET', headers: [], body: undefined, tls: {}, requestsPerConnection });
  const end = new AbortController();
  const points: SecondPoint[] = [];
  const result = runLoad({ clock: preciseClock, random: realRandom, transport }, { profile, durationMs, timeoutMs }, end.signal, (point) => points.push(point));
  return {
    requestsPerSecond(seconds) {
      const last = points.slice(-seconds);
      return last.reduce((sum, point) => sum + point.requestsPerSecond, 0) / Math.max(1, last.length);
    },
    users: () => points.at(-1)?.users ?? 0,
    stop() {
      end.abort();
      return result;
    },
  };
}
