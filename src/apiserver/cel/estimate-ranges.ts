/** Sizes and costs that are known from below and above. Both end at what upstream's 64 bits hold. */

export interface Range {
  min: number;
  max: number;
}

/** Nothing is larger. */
export const SIZE_MAX = 2 ** 64;

const bounded = (value: number): number => Math.min(value, SIZE_MAX);

export const fixed = (value: number): Range => ({ min: value, max: value });
export const unknown = (): Range => ({ min: 0, max: SIZE_MAX });
export const add = (a: Range, b: Range): Range => ({ min: bounded(a.min + b.min), max: bounded(a.max + b.max) });
export const multiply = (a: Range, b: Range): Range => ({ min: bounded(a.min * b.min), max: bounded(a.max * b.max) });
export const union = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });
/** So much for each, rounded up. */
export const factored = (size: Range, factor: number): Range => ({ min: bounded(Math.ceil(size.min * factor)), max: bounded(Math.ceil(size.max * factor)) });
