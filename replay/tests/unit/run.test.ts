import { describe, expect, test } from 'vitest';
import { envelope } from '../../src/run/envelope';
import { cameraCentre, choleskyOf, labFromCamera, pelvisLine, type Point } from '../../src/run/geometry';
import { links, markerSides, parseMarkerSet, skeleton } from '../../src/run/marker_set';
import { methodDifferences } from '../../src/run/method';
import { matchingTime, meanAndSd, nextStride, percentOf, stanceSide, strideAt, thinned } from '../../src/run/strides';
import { clockText, frameAt, Player } from '../../src/run/time_line';
import { pelvisWords, shown, signed, signWords, splitSide } from '../../src/run/words';
import type { StrideTable } from '../../src/trial/model';

function strides(rows: [side: number, start: number, toeOff: number, end: number, accepted?: number][]): StrideTable {
  return {
    side: Int8Array.from(rows, (r) => r[0]),
    start: Float64Array.from(rows, (r) => r[1]),
    toeOff: Float64Array.from(rows, (r) => r[2]),
    end: Float64Array.from(rows, (r) => r[3]),
    accepted: Uint8Array.from(rows, (r) => r[4] ?? 1),
    reason: rows.map(() => ''),
    metrics: [],
  };
}
const TABLE = strides([[0, 0, 0.2, 1], [1, 0.5, 0.7, 1.5], [0, 1, 1.2, 2, 0], [1, 1.5, 1.7, 2.5]]);

describe('time', () => {
  const time = Float64Array.of(0, 0.1, 0.2, 0.35);

  test('a frame lasts until the next begins', () => {
    expect([-1, 0, 0.0999, 0.1, 0.3, 0.35, 9].map((t) => frameAt(time, t))).toEqual([0, 0, 0, 1, 2, 3, 3]);
  });
  test('clocks read minutes, and hours where there are some', () => {
    expect(clockText(61.0004)).toBe('1:01.000');
    expect(clockText(59.9996)).toBe('1:00.000');
    expect(clockText(3725.5)).toBe('1:02:05.500');
  });
  test('playing goes with the speed, stops at the end, and a loop comes round', () => {
    const player = new Player(time);
    player.playing = true;
    player.speed = 0.5;
    player.advance(0.2);
    expect(player.t).toBeCloseTo(0.1, 12);
    player.loop = [0.1, 0.2];
    player.advance(0.3);
    expect(player.t).toBeCloseTo(0.15, 12);
    player.loop = null;
    player.advance(5);
    expect([player.t, player.playing]).toEqual([0.35, false]);
  });
  test('a step goes to the frame beside and pauses, not beyond the run', () => {
    const player = new Player(time);
    player.playing = true;
    player.step(1);
    expect([player.frame, player.playing]).toEqual([1, false]);
    player.step(-5);
    expect(player.frame).toBe(0);
  });
});

describe('strides', () => {
  test('are found by side and time', () => {
    expect([strideAt(TABLE, 0, 0.9), strideAt(TABLE, 0, 1), strideAt(TABLE, 1, 0.4)]).toEqual([0, 2, -1]);
    expect([nextStride(TABLE, 1, 0.5, 1), nextStride(TABLE, 1, 1.5, -1), nextStride(TABLE, 1, 1.5, 1)]).toEqual([3, 1, -1]);
    expect(percentOf(TABLE, 1, 0.75)).toBeCloseTo(25, 12);
  });
  test('stance is from foot strike to toe off', () => {
    expect([0.1, 0.3, 0.6].map((t) => stanceSide(TABLE, t))).toEqual([0, null, 1]);
  });
  test('mean and sd leave out what is missing', () => {
    const curves = Float32Array.of(1, NaN, 3, NaN, 8, 8);
    const { mean, sd } = meanAndSd(curves, [0, 1], 2);
    expect(mean[0]).toBe(2);
    expect(sd[0]).toBeCloseTo(Math.SQRT2, 12);
    expect([mean[1], sd[1]]).toEqual([NaN, NaN]);
  });
  test('the ghost is at the same percent of the same numbered stride of that side', () => {
    const other = strides([[0, 10, 10.3, 12], [0, 12, 12.3, 14]]);
    expect(matchingTime(TABLE, 0.25, 0, other)).toEqual({ stride: 0, percent: 25, t: 10.5 });
    expect(matchingTime(TABLE, 1.5, 0, other)?.stride).toBe(1);
    expect(matchingTime(TABLE, 0.6, 1, other)).toBeNull();
    expect(matchingTime(TABLE, 9, 0, other)).toBeNull();
  });
  test('an hour of strides is thinned evenly', () => {
    expect(thinned([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 5)).toEqual([0, 2, 4, 6, 8]);
    expect(thinned([1, 2], 5)).toEqual([1, 2]);
  });
});

describe('envelope', () => {
  test('keeps the extremes of each span, in order, and gaps', () => {
    const time = Float64Array.from({ length: 12 }, (_, i) => i);
    const values = Float64Array.of(0, 9, -9, 0, NaN, NaN, NaN, NaN, 1, 2, 3, 4);
    expect(envelope(time, values, 3)).toEqual({ x: [1, 2, 4, 8, 11], y: [9, -9, null, 1, 4] });
  });
  test('a short series stays as it is', () => {
    expect(envelope(Float64Array.of(0, 1), Float64Array.of(5, NaN), 10)).toEqual({ x: [0, 1], y: [5, null] });
  });
});

describe('geometry', () => {
  test('the pelvis line has the elevation of the table, whatever the height of the markers', () => {
    const line = pelvisLine([0, 0.15, 1.02], [0.05, -0.15, 0.98], 0.1);
    expect(line).not.toBeNull();
    expect(Math.asin(line!.line[2])).toBeCloseTo(0.1, 12);
    expect(Math.hypot(...line!.line)).toBeCloseTo(1, 12);
    expect(line!.horizontal[1]).toBeLessThan(0); // to the runner's right
    expect(line!.centre.map((x) => Number(x.toFixed(12)))).toEqual([0.025, 0, 1]);
  });
  test('there is no line where the angle is missing', () => {
    expect(pelvisLine([0, 0.1, 1], [0, -0.1, 1], NaN)).toBeNull();
  });
  test('the centre of a camera is where its frame has its origin', () => {
    const c = Math.cos(0.4);
    const s = Math.sin(0.4);
    const centre: Point = [1, -2, 3];
    const rotation = [[c, -s, 0], [s, c, 0], [0, 0, 1]];
    const m = rotation.flatMap((row) => [...row, -(row[0] * centre[0] + row[1] * centre[1] + row[2] * centre[2])]);
    m.push(0, 0, 0, 1);
    cameraCentre(m).forEach((x, k) => expect(x).toBeCloseTo(centre[k], 12));
    labFromCamera(m, [0, 0, 0]).forEach((x, k) => expect(x).toBeCloseTo(centre[k], 12));
  });
  test('the ellipsoid has the covariance that it was made of', () => {
    const c = [4, 1, 0.5, 3, 0.2, 2];
    const l = choleskyOf(c, 0)!;
    const product = (i: number, k: number) => [0, 1, 2].reduce((sum, j) => sum + l[3 * i + j] * l[3 * k + j], 0);
    [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]].forEach(([i, k], n) => expect(product(i, k)).toBeCloseTo(c[n], 12));
    expect(choleskyOf([NaN, 0, 0, 1, 0, 1], 0)).toBeNull();
    expect(choleskyOf([1, 2, 0, 1, 0, 1], 0)).toBeNull(); // not positive definite
  });
});

describe('marker sets', () => {
  const TOML = `# a lab
name = "lab # 1"   # with a comment
[roles]
right_asis = "RASI"
left_asis = 'LASI'
[clusters]
right_thigh = ["R1", "R2", "R3"]
left_thigh = [
  "L1", "L2",   # two
  "L3", "L4", "L5",
]
[lab]
forward = "+x"
`;
  const set = parseMarkerSet(TOML)!;
  const labels = ['RASI', 'LASI', 'R1', 'R3', 'L1', 'L2', 'L3', 'L4', 'L5', 'FREE'];

  test('are read as far as the page needs them', () => {
    expect(set.name).toBe('lab # 1');
    expect(set.roles.get('left_asis')).toBe('LASI');
    expect(set.clusters.get('left_thigh')).toEqual(['L1', 'L2', 'L3', 'L4', 'L5']);
    expect(parseMarkerSet('just words')).toBeNull();
  });
  test('small clusters are linked all to all, larger ones in a ring, absent markers not at all', () => {
    const pairs = links(set, labels);
    expect(pairs.filter((p) => p.segment === 'right_thigh')).toEqual([{ a: 2, b: 3, segment: 'right_thigh' }]);
    expect(pairs.filter((p) => p.segment === 'left_thigh')).toHaveLength(5);
  });
  test('markers have the side of what names them', () => {
    expect(markerSides(set, labels)).toEqual([1, 0, 1, 1, 0, 0, 0, 0, 0, null]);
    expect(markerSides(null, ['A'])).toEqual([null]);
  });
  test('bones run through clusters where landmarks lack', () => {
    const { places, bones } = skeleton(set, labels);
    const right = bones.filter((bone) => bone.side === 1);
    expect(right.map(({ from, to }) => [places[from], places[to]])).toEqual([[[0], [2, 3]]]);
  });
});

describe('methods', () => {
  test('the same options may be compared', () => {
    expect(methodDifferences({ a: 1, b: { c: 2 } }, { b: { c: 2 }, a: 1 })).toEqual([]);
  });
  test('what differs is named with both values', () => {
    expect(methodDifferences({ cutoff_hz: 10, events: { x: 1 } }, { cutoff_hz: 15, events: {} }))
      .toEqual(['cutoff_hz: 10 here, 15 in the other', 'events.x: 1 here, not set in the other']);
  });
  test('a trial that was never analyzed cannot be compared', () => {
    expect(methodDifferences(null, { a: 1 })).toEqual(
      ['one of the trials was never analyzed, so nothing says how its angles were made']);
  });
});

describe('words', () => {
  test('numbers have true minus signs and dashes for what is missing', () => {
    expect([shown(-1.25, 1), shown(-0.04, 1), shown(NaN), signed(2), signed(-2), signed(0.01)])
      .toEqual(['\u22121.3', '0.0', '\u2013', '+2.0', '\u22122.0', '0.0']);
  });
  test('the pelvis in words says which side is lower', () => {
    expect(pelvisWords(3, 1)).toBe('left side lower, on the right leg');
    expect(pelvisWords(-3, null)).toBe('right side lower, no foot on the ground');
    expect(pelvisWords(NaN, 0)).toBe('pelvis not seen');
  });
  test('what is above zero is taken from the definition', () => {
    expect(signWords('Adduction of the left hip, > 0 towards the middle; second Cardan angle')).toBe('> 0: towards the middle');
    expect(signWords('no sign')).toBe('');
  });
  test('sides are split off names', () => {
    expect(splitSide('left_hip_adduction')).toEqual({ side: 0, base: 'hip_adduction' });
    expect(splitSide('pelvis_tilt')).toEqual({ side: null, base: 'pelvis_tilt' });
  });
});
