/** A load that runs beside what is measured. */
import { httpTransport } from '../../load/http/transport.ts';
import { preciseClock } from '../../load/precise-clock.ts';
import { runLoad, type LoadResult, type Profile } from '../../load/run.ts';
import type { SecondPoint } from '../../load/recorder.ts';
import { realRandom } from '../../runtime/random.ts';

export interface BackgroundLoad {
  /** Of the last whole second. */
  latest(): SecondPoint | undefined;
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
  let latest: SecondPoint | undefined;
  const result = runLoad({ clock: preciseClock, random: realRandom, transport }, { profile, durationMs, timeoutMs }, end.signal, (point) => (latest = point));
  return {
    latest: () => latest,
    stop() {
      end.abort();
      return result;
    },
  };
}
