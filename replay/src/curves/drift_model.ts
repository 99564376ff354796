import { shownScale, shownUnit, title } from '../run/words';
import { LEFT, RIGHT, type StrideTable } from '../trial/model';
import { roleOf, type Line, type PlotModel } from './plot_model';

/** A metric of every accepted stride over the minutes of the run, with the running median of each side. */
export function driftModel(strides: StrideTable, metricName: string, windowStrides = 21): PlotModel | null {
  const metric = strides.metrics.find((m) => m.name === metricName);
  if (!metric) return null;
  const scale = shownScale(metric.unit);
  const order = Array.from(strides.start.keys()).filter((i) => strides.accepted[i] !== 0)
    .sort((a, b) => strides.start[a] - strides.start[b]);
  const x = order.map((i) => strides.start[i] / 60);
  const lines: Line[] = [];
  for (const side of [LEFT, RIGHT] as const) {
    const own = order.map((i) => strides.side[i] === side && Number.isFinite(metric.values[i]));
    const value = (k: number) => metric.values[order[k]] * scale;
    const rows = order.map((_, k) => k).filter((k) => own[k]);
    const medians = new Map(rows.map((k, n) => [k, runningMedian(rows.map(value), n, windowStrides)]));
    const name = side === LEFT ? 'left' : 'right';
    lines.push({ label: `${name} strides`, role: roleOf(side), weight: 'thin',
                 y: order.map((_, k) => (own[k] ? value(k) : undefined as unknown as null)) });
    lines.push({ label: `${name}, median of ${windowStrides} strides`, role: roleOf(side), weight: 'mean',
                 y: order.map((_, k) => medians.get(k) ?? (undefined as unknown as null)) });
  }
  return { title: title(metric.name), unit: shownUnit(metric.unit), xLabel: 'time, min', x, lines, bands: [],
           note: `every accepted stride; lines: median of ${windowStrides} strides` };
}

function runningMedian(values: number[], at: number, window: number): number {
  const half = Math.floor(window / 2);
  const part = values.slice(Math.max(0, at - half), at + half + 1).sort((a, b) => a - b);
  const middle = part.length >> 1;
  return part.length % 2 === 1 ? part[middle] : (part[middle - 1] + part[middle]) / 2;
}
