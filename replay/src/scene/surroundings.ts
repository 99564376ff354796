import * as THREE from 'three';
import { cameraCentre, labFromCamera, type Point } from '../run/geometry';
import type { Extent } from '../run/extent';
import type { Camera } from '../trial/model';
import type { Colours } from './colours';
import { Segments } from './segments';

const FRUSTUM_DEPTH = 0.25; // metres
const CELL = 0.25;
const HALF_FLOOR = 2;

/** The floor, the belt where the feet were, an arrow the way the runner runs. */
export function floor(extent: Extent, colours: Colours): THREE.Group {
  const group = new THREE.Group();
  const middle = new THREE.Vector3(extent.middle[0], extent.middle[1], 0);
  const half = Math.max(HALF_FLOOR, Math.ceil(extent.reach / CELL) * CELL + 1);
  const grid = new THREE.GridHelper(2 * half, Math.round((2 * half) / CELL), colours.grid, colours.grid);
  grid.rotation.x = Math.PI / 2;
  grid.position.copy(middle).setZ(-0.002);
  group.add(grid);
  if (extent.isTreadmill && extent.feet) {
    const { low, high } = extent.feet;
    const belt = new THREE.Mesh(new THREE.PlaneGeometry(high[0] - low[0], high[1] - low[1]),
                                new THREE.MeshBasicMaterial({ color: colours.belt }));
    belt.position.set((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, -0.001);
    group.add(belt);
  }
  group.add(arrowOnFloor(middle, colours));
  return group;
}

// Flat, so that it does not stand in the frontal view.
function arrowOnFloor(middle: THREE.Vector3, colours: Colours): THREE.Mesh {
  const shape = new THREE.Shape([[0, 0.02], [0.3, 0.02], [0.3, 0.06], [0.42, 0], [0.3, -0.06], [0.3, -0.02], [0, -0.02]]
    .map(([x, y]) => new THREE.Vector2(x, y)));
  const arrow = new THREE.Mesh(new THREE.ShapeGeometry(shape),
                               new THREE.MeshBasicMaterial({ color: colours.horizontal, side: THREE.DoubleSide }));
  arrow.position.copy(middle).add(new THREE.Vector3(0.6, 0, 0.001));
  return arrow;
}

/** The cameras as pyramids of what they see. */
export function cameraPyramids(cameras: Camera[], colours: Colours): Segments {
  const lines = new Segments(8 * cameras.length, { width: 1.5 });
  const tint = new THREE.Color(colours.camera);
  lines.begin();
  for (const camera of cameras) {
    if (camera.cameraFromLab.length !== 16 || camera.intrinsics.length < 4) continue;
    const [fx, fy, cx, cy] = camera.intrinsics;
    const corner = (u: number, v: number): Point =>
      labFromCamera(camera.cameraFromLab, [((u - cx) / fx) * FRUSTUM_DEPTH, ((v - cy) / fy) * FRUSTUM_DEPTH, FRUSTUM_DEPTH]);
    const w = camera.width;
    const h = camera.height;
    const corners = [corner(0, 0), corner(w, 0), corner(w, h), corner(0, h)];
    const centre = cameraCentre(camera.cameraFromLab);
    corners.forEach((at, i) => {
      lines.add(centre, at, tint);
      lines.add(at, corners[(i + 1) % 4], tint);
    });
  }
  lines.end();
  return lines;
}
