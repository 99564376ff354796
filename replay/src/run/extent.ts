import type { Point } from './geometry';
import type { TrialHead } from '../trial/model';

const TREADMILL_REACH = 1.5; // metres that a runner on a belt does not leave
const BELT_MARGIN = 0.12;
const NEAR_FLOOR = 0.35;

/** Where the run takes place. */
export interface Extent {
  /** Middle of the body over the run. */
  middle: Point;
  /** How far the body gets from there on the ground. */
  reach: number;
  /** Whether the body stays in one place, so that the view may stay too. */
  isTreadmill: boolean;
  /** Where the feet were on the ground. */
  feet: { low: Point; high: Point } | null;
}

export function extentOf(head: TrialHead): Extent {
  const middles: Point[] = [];
  const feet: Point[] = [];
  for (const positions of head.overview) {
    const points: Point[] = [];
    for (let m = 0; m < head.labels.length; ++m) {
      const point: Point = [positions[3 * m], positions[3 * m + 1], positions[3 * m + 2]];
      if (point.every(Number.isFinite)) points.push(point);
    }
    if (points.length === 0) continue;
    middles.push(average(points));
    feet.push(...points.filter((point) => point[2] < NEAR_FLOOR));
  }
  if (middles.length === 0) return { middle: [0, 0, 0.9], reach: 1, isTreadmill: true, feet: null };
  const middle = average(middles);
  const reach = Math.max(...middles.map((at) => Math.hypot(at[0] - middle[0], at[1] - middle[1])));
  return { middle, reach, isTreadmill: reach < TREADMILL_REACH, feet: feet.length > 0 ? box(feet) : null };
}

function average(points: Point[]): Point {
  return [0, 1, 2].map((k) => points.reduce((sum, p) => sum + p[k], 0) / points.length) as Point;
}

function box(points: Point[]): { low: Point; high: Point } {
  const side = (pick: (...values: number[]) => number, by: number) =>
    [0, 1, 2].map((k) => points.reduce((best, p) => pick(best, p[k]), points[0][k]) + by) as Point;
  return { low: side(Math.min, -BELT_MARGIN), high: side(Math.max, BELT_MARGIN) };
}
