import { describe, expect, test } from 'vitest';
import { angleGroups, firstGroups } from '../../src/curves/angle_groups';
import { driftModel } from '../../src/curves/drift_model';
import { runModel, strideModel } from '../../src/curves/plot_model';
import { niceTicks, plotSvg } from '../../src/curves/svg';
import type { PlotColours } from '../../src/curves/plot_colours';
import type { Angle, StrideTable } from '../../src/trial/model';

const angle = (name: string): Angle => ({ name, unit: 'rad', definition: `what ${name} is`, hasCurves: true });
const GROUPS = angleGroups(['pelvis_obliquity', 'left_hip_adduction', 'right_hip_adduction', 'trunk_lean'].map(angle));
const STRIDES: StrideTable = {
  side: Int8Array.of(0, 1, 0, 0), start: Float64Array.of(0, 0.5, 1, 2), toeOff: Float64Array.of(0.3, 0.8, 1.3, 2.3),
  end: Float64Array.of(1, 1.5, 2, 3), accepted: Uint8Array.of(1, 1, 0, 1), reason: ['', '', 'turned', ''],
  metrics: [{ name: 'drop', unit: 'rad', definition: '', values: Float64Array.of(0.1, 0.2, 9, 0.3) }],
};
const COLOURS: PlotColours = {
  text: '#000', grid: '#ccc', background: '#fff',
  line: { left: '#d00', right: '#00d', middle: '#000', 'other-left': '#a77', 'other-right': '#77a' },
};

function curvesOf(values: number[]): Float32Array {
  return Float32Array.from(values.flatMap((value) => new Array(101).fill(value)));
}

describe('angles', () => {
  test('of the two sides share a plot; the frontal plane is open first', () => {
    expect(GROUPS.map((g) => [g.base, g.members.length])).toEqual(
      [['pelvis_obliquity', 1], ['hip_adduction', 2], ['trunk_lean', 1]]);
    expect(firstGroups(GROUPS)).toEqual(['pelvis_obliquity', 'hip_adduction', 'trunk_lean']);
  });
});

describe('the whole run', () => {
  test('is in degrees, with gaps as null and the points of both sides on one axis', () => {
    const time = Float64Array.of(0, 1, 2);
    const model = runModel(GROUPS[1], time, [Float64Array.of(0, NaN, Math.PI), Float64Array.of(Math.PI / 2, 0, 0)]);
    expect(model.x).toEqual([0, 1, 2]);
    expect(model.lines.map((line) => line.y)).toEqual([[0, null, 180], [90, 0, 0]]);
    expect(model.lines.map((line) => line.role)).toEqual(['left', 'right']);
  });
});

describe('strides over each other', () => {
  const curves = curvesOf([0.1, 0.2, 5, 0.3]);
  const mine = { strides: STRIDES, bySide: [curves, curves] };

  test('count accepted strides of their side alone', () => {
    const model = strideModel(GROUPS[0], 'all', mine, 0, null);
    const mean = model.lines.find((line) => line.label === 'left mean');
    expect(mean?.y[50]).toBeCloseTo((0.2 * 180) / Math.PI, 4);
    expect(model.lines.filter((line) => line.weight === 'thin').map((line) => line.label)).toEqual(
      ['left stride 1', 'left stride 4', 'right stride 2']);
    expect(model.note).toContain('2 left, 1 right');
  });
  test('one stride stands in its band', () => {
    const model = strideModel(GROUPS[0], 'stride', mine, 2.5, null);
    expect(model.lines.filter((line) => line.weight === 'now').map((line) => line.label)).toEqual(['left stride 4']);
    expect(model.bands).toHaveLength(2);
    const [upper, lower] = [model.bands[0].upper, model.bands[0].lower].map((i) => model.lines[i].y[3] as number);
    expect((upper - lower) / 2).toBeCloseTo((Math.sqrt(0.02) * 180) / Math.PI, 4);
  });
  test('the mean of a second trial is drawn beside', () => {
    const model = strideModel(GROUPS[0], 'all', mine, 0, mine);
    expect(model.lines.filter((line) => line.role.startsWith('other'))).toHaveLength(2);
  });
});

describe('drift', () => {
  test('leaves rejected strides out and keeps the sides apart', () => {
    const model = driftModel(STRIDES, 'drop')!;
    expect(model.x).toEqual([0, 0.5 / 60, 2 / 60]);
    expect(model.lines[0].y.map((y) => (typeof y === 'number' ? Math.round(y * 10) / 10 : y))).toEqual([5.7, undefined, 17.2]);
    expect(driftModel(STRIDES, 'absent')).toBeNull();
  });
});

describe('a plot as SVG', () => {
  test('breaks its lines at gaps and escapes what a file says', () => {
    const model = runModel(GROUPS[0], Float64Array.of(0, 1, 2, 3), [Float64Array.of(0, NaN, 1, 1)]);
    const svg = plotSvg({ ...model, title: '<script>alert(1)</script>' }, COLOURS, 'a "b" & <c>');
    expect(svg).not.toContain('<script>');
    expect(svg).toContain('&lt;script&gt;');
    expect(svg).toContain('a &quot;b&quot; &amp; &lt;c&gt;');
    expect(svg.match(/<path d="M[^"]*M[^"]*L/)).not.toBeNull();
  });
  test('has round ticks that hold the data', () => {
    expect(niceTicks(-3.2, 7.1, 6)).toEqual([-4, -2, 0, 2, 4, 6, 8]);
    expect(niceTicks(0, 0, 4)).toEqual([0, 0.5, 1]);
  });
});
