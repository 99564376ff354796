import { envelope } from '../run/envelope';
import { acceptedStrides, meanAndSd, strideAt, thinned } from '../run/strides';
import { shownScale, shownUnit, sideName } from '../run/words';
import { LEFT, RIGHT, type Side, type StrideTable } from '../trial/model';
import type { AngleGroup } from './angle_groups';

export type CurveMode = 'run' | 'stride' | 'all';

/** Left is drawn whole, right dashed: told apart without colour too. `other` is the second trial. */
export type Role = 'left' | 'right' | 'middle' | 'other-left' | 'other-right';

export interface Line {
  label: string;
  role: Role;
  y: (number | null)[];
  weight: 'mean' | 'now' | 'thin' | 'edge';
}
/** What a plot shows, apart from how: for the screen, for SVG, for tests. Values as shown (degrees). */
export interface PlotModel {
  title: string;
  unit: string;
  xLabel: string;
  x: number[];
  lines: Line[];
  /** Areas between two lines, by their index: upper, lower. */
  bands: { upper: number; lower: number; role: Role }[];
  note: string;
}

const POINTS = 101;
const RUN_BUCKETS = 1200;
const MOST_STRIDES = 40;
const SIDES: Side[] = [LEFT, RIGHT];

export function roleOf(side: Side | null, other = false): Role {
  if (side === null) return 'middle';
  const name = sideName(side) as 'left' | 'right';
  return other ? `other-${name}` : name;
}

const gaps = (values: ArrayLike<number>, scale: number, begin = 0, count = values.length) =>
  Array.from({ length: count }, (_, i) => (Number.isNaN(values[begin + i]) ? null : values[begin + i] * scale));

/** The whole run. All series have the buckets of their group in common. */
export function runModel(group: AngleGroup, time: Float64Array, series: Float64Array[]): PlotModel {
  const scale = shownScale(group.unit);
  const lines: Line[] = [];
  const xs = new Map<number, (number | null)[]>();
  series.forEach((values, i) => {
    const { x, y } = envelope(time, values, RUN_BUCKETS);
    x.forEach((t, k) => {
      const row = xs.get(t) ?? new Array<number | null | undefined>(series.length).fill(undefined) as (number | null)[];
      row[i] = y[k] === null ? null : (y[k] as number) * scale;
      xs.set(t, row);
    });
    const side = group.members[i].side;
    lines.push({ label: side === null ? group.title : sideName(side), role: roleOf(side), y: [], weight: 'now' });
  });
  const x = [...xs.keys()].sort((a, b) => a - b);
  // undefined, unlike null, is no gap: another series has its point there.
  lines.forEach((line, i) => (line.y = x.map((t) => (xs.get(t) as (number | null)[])[i])));
  const note = time.length > 2 * RUN_BUCKETS ? 'the least and largest value of each short span' : '';
  return { title: group.title, unit: shownUnit(group.unit), xLabel: 'time, s', x, lines, bands: [], note };
}

/** The curves of a group: of each side its strides, and what they are rows of. */
export interface StrideCurves {
  strides: StrideTable;
  /** By side; the same for both where the angle has no side. */
  bySide: (Float32Array | null)[];
}

/** One stride in its band, or all of them over each other. */
export function strideModel(group: AngleGroup, mode: 'stride' | 'all', mine: StrideCurves, t: number,
                            other: StrideCurves | null): PlotModel {
  const scale = shownScale(group.unit);
  const model: PlotModel = {
    title: group.title, unit: shownUnit(group.unit), xLabel: '% of the stride',
    x: Array.from({ length: POINTS }, (_, i) => i), lines: [], bands: [], note: '',
  };
  const counts: string[] = [];
  for (const side of SIDES) {
    const curves = mine.bySide[side];
    if (!curves) continue;
    const rows = acceptedStrides(mine.strides, side);
    if (mode === 'all') {
      for (const row of thinned(rows, MOST_STRIDES)) {
        model.lines.push({ label: `${sideName(side)} stride ${row + 1}`, role: roleOf(side), weight: 'thin',
                           y: gaps(curves, scale, row * POINTS, POINTS) });
      }
    }
    addMean(model, curves, rows, scale, roleOf(side), `${sideName(side)} mean`, true);
    counts.push(`${rows.length} ${sideName(side)}`);
    const now = mode === 'stride' ? strideAt(mine.strides, side, t) : -1;
    if (now >= 0) {
      model.lines.push({ label: `${sideName(side)} stride ${now + 1}`, role: roleOf(side), weight: 'now',
                         y: gaps(curves, scale, now * POINTS, POINTS) });
    }
  }
  for (const side of other ? SIDES : []) {
    const curves = other?.bySide[side];
    if (!other || !curves) continue;
    addMean(model, curves, acceptedStrides(other.strides, side), scale, roleOf(side, true),
            `${sideName(side)} mean of the other trial`, false);
  }
  model.note = `mean \u00b1 sd of the accepted strides (${counts.join(', ')})`;
  return model;
}

function addMean(model: PlotModel, curves: Float32Array, rows: number[], scale: number, role: Role, label: string,
                 withBand: boolean): void {
  if (rows.length === 0) return;
  const { mean, sd } = meanAndSd(curves, rows);
  if (withBand) {
    const edge = (sign: number) => gaps(mean.map((m, i) => m + sign * sd[i]), scale);
    const upper = model.lines.push({ label: `${label} + sd`, role, weight: 'edge', y: edge(1) }) - 1;
    const lower = model.lines.push({ label: `${label} - sd`, role, weight: 'edge', y: edge(-1) }) - 1;
    model.bands.push({ upper, lower, role });
  }
  model.lines.push({ label, role, weight: 'mean', y: gaps(mean, scale) });
}
