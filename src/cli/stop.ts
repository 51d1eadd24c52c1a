/** Stops a cluster, whatever state it is in. */
import { connect } from './control.ts';
import type { ClusterPaths } from './home.ts';
import { sweep } from './sweep.ts';

/** The cluster process stops its pods within their grace period, at most about 30 s. */
const STOP_MS = 45_000;

/** Answers whether a cluster process was running. Afterwards nothing of the cluster runs, and nothing is left but its data. */
export async function stopCluster(name: string, paths: ClusterPaths, say: (line: string) => void): Promise<boolean> {
  const connection = await connect(paths.controlSocket);
  if (connection !== undefined) {
    const { pid } = await connection.status();
    const ended = await connection.stop(STOP_MS);
    connection.close();
    if (!ended) {
      say(`the cluster process (${pid}) did not end within ${STOP_MS / 1000} s and is killed`);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended just now.
      }
    }
  }
  await sweep(name, paths);
  return connection !== undefined;
}
