/** So many replicas between two times of day. */
import { nextTime } from '../../../kube/cron/next.ts';
import { parseSchedule } from '../../../kube/cron/parse.ts';
import { externalMetric, type ScalerFactory } from '../scaler.ts';

export const cron: ScalerFactory = (config, { clock }) => {
  const { settings } = config;
  const timezone = settings.text('timezone');
  const scheduleOf = (name: 'start' | 'end') => {
    const text = settings.text(name);
    if (text.startsWith('@') || text.includes('=')) throw new Error(`error parsing ${name} schedule: it must have five fields: ${text}`);
    try {
      return { text, schedule: parseSchedule(`CRON_TZ=${timezone} ${text}`) };
    } catch (error) {
      throw new Error(`error parsing ${name} schedule: ${(error as Error).message}`, { cause: error });
    }
  };
  const start = scheduleOf('start');
  const end = scheduleOf('end');
  if (start.text === end.text) throw new Error('start and end can not have exactly same time input');
  const desired = settings.whole('desiredReplicas');
  if (desired === 0) throw new Error('no desiredReplicas specified');
  return {
    metrics: [externalMetric(config, `cron-${timezone}-${nameOf(start.text)}-${nameOf(end.text)}`, 1)],
    read() {
      const now = clock.now();
      // Within: it ends before it starts again.
      const active = nextTime(end.schedule, now) < nextTime(start.schedule, now);
      return Promise.resolve({ value: active ? desired : 0, active });
    },
    close: () => Promise.resolve(),
  };
};

function nameOf(schedule: string): string {
  return schedule.replaceAll(' ', '').replaceAll('*', 'x').replaceAll('/', 'Sl').replaceAll('?', 'Qm').replaceAll(',', 'Cm');
}
