import type { Side, StrideTable } from '../trial/model';

/** The stride of a side that holds a time, or -1. */
export function strideAt(strides: StrideTable, side: Side, t: number): number {
  for (let i = 0; i < strides.start.length; ++i) {
    if (strides.side[i] === side && strides.start[i] <= t && t < strides.end[i]) return i;
  }
  return -1;
}

/** The next stride of a side after a time (or before it, direction -1), by where it starts; -1 where there is none. */
export function nextStride(strides: StrideTable, side: Side, t: number, direction: 1 | -1): number {
  const margin = 1e-6; // so that the stride one stands at is not found again
  let found = -1;
  for (let i = 0; i < strides.start.length; ++i) {
    if (strides.side[i] !== side) continue;
    const start = strides.start[i];
    if (direction > 0 ? start <= t + margin : start >= t - margin) continue;
    if (found < 0 || (direction > 0 ? start < strides.start[found] : start > strides.start[found])) found = i;
  }
  return found;
}

/** The leg that stands on the ground at a time; null in flight and where nothing is known. */
export function stanceSide(strides: StrideTable, t: number): Side | null {
  for (let i = 0; i < strides.start.length; ++i) {
    if (strides.start[i] <= t && t < strides.toeOff[i]) return strides.side[i] === 1 ? 1 : 0;
  }
  return null;
}

/** How far a stride is at a time, percent. */
export function percentOf(strides: StrideTable, stride: number, t: number): number {
  return (100 * (t - strides.start[stride])) / (strides.end[stride] - strides.start[stride]);
}
export function timeOf(strides: StrideTable, stride: number, percent: number): number {
  return strides.start[stride] + (percent / 100) * (strides.end[stride] - strides.start[stride]);
}

/** Mean and standard deviation over strides (n - 1) at each percent; NaN where fewer than one (two) have a value. */
export function meanAndSd(curves: Float32Array, rows: number[], points = 101): { mean: Float64Array; sd: Float64Array } {
  const mean = new Float64Array(points).fill(NaN);
  const sd = new Float64Array(points).fill(NaN);
  for (let p = 0; p < points; ++p) {
    const values = rows.map((row) => curves[row * points + p]).filter((value) => !Number.isNaN(value));
    if (values.length === 0) continue;
    const m = values.reduce((sum, value) => sum + value, 0) / values.length;
    mean[p] = m;
    if (values.length > 1) {
      sd[p] = Math.sqrt(values.reduce((sum, value) => sum + (value - m) ** 2, 0) / (values.length - 1));
    }
  }
  return { mean, sd };
}

export function acceptedStrides(strides: StrideTable, side: Side): number[] {
  const rows: number[] = [];
  for (let i = 0; i < strides.start.length; ++i) {
    if (strides.side[i] === side && strides.accepted[i] !== 0) rows.push(i);
  }
  return rows;
}

/** Evenly chosen `most` of a list, so that an hour of strides can be drawn over each other. */
export function thinned<T>(list: T[], most: number): T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]);
}

/**
 * The moment of another trial that belongs beside a time of this one: the accepted stride of the same side and the
 * same number (counted round where the other has fewer), at the same percent. null between strides.
 */
export function matchingTime(mine: StrideTable, t: number, side: Side, other: StrideTable):
    { stride: number; percent: number; t: number } | null {
  const stride = strideAt(mine, side, t);
  const others = acceptedStrides(other, side);
  if (stride < 0 || others.length === 0) return null;
  let ordinal = 0;
  for (let i = 0; i < stride; ++i) {
    if (mine.side[i] === side && mine.accepted[i] !== 0) ++ordinal;
  }
  const match = others[ordinal % others.length];
  const percent = percentOf(mine, stride, t);
  return { stride: match, percent, t: timeOf(other, match, percent) };
}
