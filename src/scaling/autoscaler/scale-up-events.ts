/** Tells pods, and buffers for all their chunks together, what became of them. Texts are Cluster Autoscaler's. */
import type { Pod } from '../../kube/types.ts';
import type { EventRecorder } from '../../runtime/controller.ts';
import type { BufferDemand } from '../buffers/demand.ts';
import { refusalText, type ScaleUp } from './scale-up.ts';

type BufferOf = BufferDemand['bufferOf'];

export interface Refusals {
  refused: ScaleUp['refused'];
  bufferOf: BufferOf;
  /** What says that no node can ever hold the pod. */
  neverFits(pod: Pod): string | undefined;
}

/** Chunks are refused together only when nothing at all is bought: else the next look may do better. */
export function tellRefused(recorder: EventRecorder, { refused, bufferOf, neverFits }: Refusals, bought: boolean): void {
  for (const [buffer, refusals] of Map.groupBy(refused.values(), ({ pod }) => bufferOf(pod.metadata.uid))) {
    if (buffer !== undefined && bought) continue;
    const subject = buffer === undefined ? 'pod' : `capacity buffer ${refusals.length} fake pods`;
    for (const { pod, reasons } of buffer === undefined ? refusals : refusals.slice(0, 1)) {
      recorder.event(buffer ?? pod, 'Normal', 'NotTriggerScaleUp', `${subject} didn't trigger scale-up: ${refusalText(reasons)}`);
      const never = neverFits(pod);
      if (never !== undefined) recorder.event(buffer ?? pod, 'Warning', 'NeverFits', never);
    }
  }
}

export function tellBought(recorder: EventRecorder, { pool, from, count, max, pods }: NonNullable<ScaleUp['buy']>, bufferOf: BufferOf): void {
  const grown = `triggered scale-up: [{${pool} ${from}->${from + count} (max: ${max})}]`;
  for (const [buffer, helped] of Map.groupBy(pods, ({ metadata }) => bufferOf(metadata.uid))) {
    if (buffer !== undefined) recorder.event(buffer, 'Normal', 'TriggeredScaleUp', `capacity buffer ${helped.length} fake pods ${grown}`);
    else for (const pod of helped) recorder.event(pod, 'Normal', 'TriggeredScaleUp', `pod ${grown}`);
  }
}
