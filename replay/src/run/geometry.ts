export type Point = [number, number, number];

/** Where a marker is in a frame of a block; null where missing. */
export function markerAt(position: Float32Array, markers: number, row: number, marker: number): Point | null {
  const at = 3 * (row * markers + marker);
  return Number.isNaN(position[at]) ? null : [position[at], position[at + 1], position[at + 2]];
}

/** Mean of the markers that are there; null where none is. */
export function meanOf(position: Float32Array, markers: number, row: number, which: number[]): Point | null {
  const sum: Point = [0, 0, 0];
  let count = 0;
  for (const marker of which) {
    const point = markerAt(position, markers, row, marker);
    if (!point) continue;
    for (let k = 0; k < 3; ++k) sum[k] += point[k];
    ++count;
  }
  return count > 0 ? [sum[0] / count, sum[1] / count, sum[2] / count] : null;
}

/**
 * The pelvis' rightward line as the table has it: its elevation over the horizontal is the obliquity (radians, > 0
 * right side up), its heading that of the line from the left to the right marker. null where these do not say.
 */
export function pelvisLine(left: Point, right: Point, obliquity: number):
    { centre: Point; line: Point; horizontal: Point } | null {
  const dx = right[0] - left[0];
  const dy = right[1] - left[1];
  const length = Math.hypot(dx, dy);
  if (!Number.isFinite(obliquity) || length < 1e-6) return null;
  const horizontal: Point = [dx / length, dy / length, 0];
  const c = Math.cos(obliquity);
  return {
    centre: [(left[0] + right[0]) / 2, (left[1] + right[1]) / 2, (left[2] + right[2]) / 2],
    line: [horizontal[0] * c, horizontal[1] * c, Math.sin(obliquity)],
    horizontal,
  };
}

/** Centre of a camera in the lab from its row-major 4 x 4 camera_from_lab: -R^T t. */
export function cameraCentre(m: number[]): Point {
  return [0, 1, 2].map((k) => -(m[k] * m[3] + m[4 + k] * m[7] + m[8 + k] * m[11])) as Point;
}

/** A point of the camera frame in the lab. */
export function labFromCamera(m: number[], x: Point): Point {
  const d = [x[0] - m[3], x[1] - m[7], x[2] - m[11]];
  return [0, 1, 2].map((k) => m[k] * d[0] + m[4 + k] * d[1] + m[8 + k] * d[2]) as Point;
}

/**
 * Lower triangle L of a covariance (xx xy xz yy yz zz), L L^T = C: takes the unit sphere to the ellipsoid of one
 * standard deviation. Row-major 3 x 3; null where it is missing or not positive definite.
 */
export function choleskyOf(c: ArrayLike<number>, at: number): number[] | null {
  const l00 = Math.sqrt(c[at]);
  const l10 = c[at + 1] / l00;
  const l20 = c[at + 2] / l00;
  const l11 = Math.sqrt(c[at + 3] - l10 * l10);
  const l21 = (c[at + 4] - l20 * l10) / l11;
  const l22 = Math.sqrt(c[at + 5] - l20 * l20 - l21 * l21);
  const rows = [l00, 0, 0, l10, l11, 0, l20, l21, l22];
  return rows.every(Number.isFinite) && l00 > 0 ? rows : null;
}
