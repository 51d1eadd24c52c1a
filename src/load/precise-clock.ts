/** The machine's clock in fractions of a millisecond, and never set back. */
import { realClock, type Clock } from '../runtime/clock.ts';

export const preciseClock: Clock = { ...realClock, now: () => performance.timeOrigin + performance.now() };
