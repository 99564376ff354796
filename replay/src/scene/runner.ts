import * as THREE from 'three';
import { choleskyOf, meanOf, markerAt, pelvisLine, type Point } from '../run/geometry';
import { links, markerSides, skeleton, type MarkerSet, type Skeleton } from '../run/marker_set';
import type { CovarianceBlock, FrameBlock, SightingBlock, TrialHead } from '../trial/model';
import { cameraCentre } from '../run/geometry';
import { sideColour, type Colours } from './colours';
import { HIDDEN, MarkerCloud, MISSING } from './marker_cloud';
import { Segments } from './segments';

const PELVIS_HALF = 0.32; // metres: longer than a pelvis, so that its angle is seen
const HORIZON_HALF = 0.4;
/** An ellipsoid of one standard deviation is smaller than a pixel; this many times it is not. */
export const ELLIPSOID_SCALE = 20;
const GHOST_OPACITY = 0.38;

export interface Shown {
  links: boolean;
  skeleton: boolean;
  rays: boolean;
  ellipsoids: boolean;
}

/** Which markers carry the pelvis line and the view. */
interface PelvisMarkers {
  left: number;
  right: number;
  all: number[];
}

function pelvisMarkers(set: MarkerSet | null, labels: string[]): PelvisMarkers {
  const at = (role: string) => labels.indexOf(set?.roles.get(role) ?? '');
  const named = ['left_asis', 'right_asis', 'left_psis', 'right_psis', 'sacrum'].map(at).filter((i) => i >= 0);
  return { left: at('left_asis'), right: at('right_asis'), all: named.length ? named : labels.map((_, i) => i) };
}

/** One trial in the picture: its markers and all that hangs on them. */
export class Runner {
  readonly group = new THREE.Group();
  readonly pelvis: PelvisMarkers;
  private readonly cloud: MarkerCloud;
  private readonly linkPairs: { a: number; b: number; segment: string }[];
  private readonly bones: Skeleton;
  private readonly linkLines: Segments;
  private readonly boneLines: Segments;
  private readonly pelvisLines: Segments;
  private readonly horizonLines: Segments;
  private readonly rayLines: Segments;
  private readonly ellipsoids: THREE.InstancedMesh;
  private readonly places: Float32Array;
  private readonly kinds: Uint8Array;
  /** Where the pelvis line is drawn and whether it could be; the number stands there. */
  pelvisCentre: Point | null = null;

  constructor(private readonly head: TrialHead, set: MarkerSet | null, private colours: Colours) {
    const count = head.labels.length;
    this.pelvis = pelvisMarkers(set, head.labels);
    this.cloud = new MarkerCloud(count);
    this.places = new Float32Array(3 * count);
    this.kinds = new Uint8Array(count);
    this.linkPairs = set ? links(set, head.labels) : [];
    this.bones = set ? skeleton(set, head.labels) : { places: [], bones: [] };
    this.linkLines = new Segments(this.linkPairs.length, { width: 1.4 });
    this.boneLines = new Segments(this.bones.bones.length, { width: 5, opacity: 0.55 });
    this.pelvisLines = new Segments(1, { width: 4, onTop: true });
    this.horizonLines = new Segments(1, { width: 2, dashed: true, onTop: true });
    this.rayLines = new Segments(Math.min(count * head.cameras.length, 4096), { width: 1, opacity: 0.22 });
    this.ellipsoids = new THREE.InstancedMesh(
      new THREE.SphereGeometry(1, 14, 10), new THREE.MeshBasicMaterial({ transparent: true, opacity: 0.45 }), count);
    this.ellipsoids.frustumCulled = false;
    this.ellipsoids.visible = false;
    this.group.add(this.cloud.points, this.ellipsoids);
    for (const lines of this.lines()) this.group.add(lines.object);
    this.setColours(colours, head.labels, set);
  }

  private lines(): Segments[] {
    return [this.linkLines, this.boneLines, this.pelvisLines, this.horizonLines, this.rayLines];
  }

  setColours(colours: Colours, labels: string[], set: MarkerSet | null): void {
    this.colours = colours;
    this.cloud.setTints(markerSides(set, labels).map((side) => sideColour(colours, side)));
    (this.ellipsoids.material as THREE.MeshBasicMaterial).color.set(colours.ellipsoid);
  }

  setGhost(ghost: boolean): void {
    const opacity = ghost ? GHOST_OPACITY : 1;
    this.cloud.setOpacity(opacity);
    this.linkLines.setOpacity(opacity);
    this.boneLines.setOpacity(0.55 * opacity);
    this.rayLines.setOpacity(0.22 * opacity);
    this.pelvisLines.setOpacity(opacity);
    this.horizonLines.setOpacity(ghost ? 0 : 1);
  }

  setView(width: number, height: number, pixelRatio: number): void {
    this.cloud.setViewHeight(height * pixelRatio);
    for (const lines of this.lines()) lines.setResolution(width, height);
  }

  show(block: FrameBlock, frame: number, shown: Shown): void {
    const row = frame - block.begin;
    this.cloud.show(block.position, block.source, row, this.places, this.kinds);
    this.drawLinks(shown.links);
    this.drawBones(block, row, shown.skeleton);
    this.drawPelvis(block, row);
  }

  private isThere(marker: number): boolean {
    return this.kinds[marker] !== HIDDEN && this.kinds[marker] !== MISSING;
  }

  private drawLinks(wanted: boolean): void {
    this.linkLines.begin();
    const tint = new THREE.Color(this.colours.link);
    for (const { a, b } of wanted ? this.linkPairs : []) {
      if (this.isThere(a) && this.isThere(b)) this.linkLines.add(this.places, this.places, tint, 3 * a, 3 * b);
    }
    this.linkLines.end();
  }

  private drawBones(block: FrameBlock, row: number, wanted: boolean): void {
    this.boneLines.begin();
    if (wanted) {
      const places = this.bones.places.map((which) => meanOf(block.position, this.head.labels.length, row, which));
      for (const { from, to, side } of this.bones.bones) {
        const a = places[from];
        const b = places[to];
        if (a && b) this.boneLines.add(a, b, new THREE.Color(sideColour(this.colours, side)));
      }
    }
    this.boneLines.end();
  }

  private drawPelvis(block: FrameBlock, row: number): void {
    const { left, right } = this.pelvis;
    const count = this.head.labels.length;
    const a = left >= 0 ? markerAt(block.position, count, row, left) : null;
    const b = right >= 0 ? markerAt(block.position, count, row, right) : null;
    const line = a && b && block.obliquity.length > 0 ? pelvisLine(a, b, block.obliquity[row]) : null;
    this.pelvisLines.begin();
    this.horizonLines.begin();
    if (line) {
      const along = (direction: Point, by: number) => line.centre.map((c, k) => c + by * direction[k]);
      this.pelvisLines.add(along(line.line, -PELVIS_HALF), along(line.line, PELVIS_HALF),
                           new THREE.Color(this.colours.pelvis));
      this.horizonLines.add(along(line.horizontal, -HORIZON_HALF), along(line.horizontal, HORIZON_HALF),
                            new THREE.Color(this.colours.horizontal));
    }
    this.pelvisLines.end();
    this.horizonLines.end();
    this.pelvisCentre = line ? along3(line.centre, line.horizontal, HORIZON_HALF) : null;
  }

  /** Lines from each camera to the markers that it saw. */
  showRays(block: SightingBlock | null, frame: number): void {
    this.rayLines.begin();
    if (block) {
      const count = this.head.labels.length;
      const tint = new THREE.Color(this.colours.ray);
      this.head.cameras.slice(0, 32).forEach((camera, bit) => {
        const centre = cameraCentre(camera.cameraFromLab);
        for (let m = 0; m < count; ++m) {
          const seen = (block.seen[(frame - block.begin) * count + m] >>> bit) & 1;
          if (seen && this.isThere(m)) this.rayLines.add(centre, this.places, tint, 0, 3 * m);
        }
      });
    }
    this.rayLines.end();
  }

  /** Ellipsoids of ELLIPSOID_SCALE standard deviations. */
  showEllipsoids(block: CovarianceBlock | null, frame: number): void {
    let used = 0;
    const count = this.head.labels.length;
    const matrix = new THREE.Matrix4();
    for (let m = 0; block && block.covariance.length > 0 && m < count; ++m) {
      const l = choleskyOf(block.covariance, 6 * ((frame - block.begin) * count + m));
      if (!l || !this.isThere(m)) continue;
      const s = ELLIPSOID_SCALE;
      const p = 3 * m;
      matrix.set(s * l[0], 0, 0, this.places[p], s * l[3], s * l[4], 0, this.places[p + 1],
                 s * l[6], s * l[7], s * l[8], this.places[p + 2], 0, 0, 0, 1);
      this.ellipsoids.setMatrixAt(used++, matrix);
    }
    this.ellipsoids.count = used;
    this.ellipsoids.visible = used > 0;
    this.ellipsoids.instanceMatrix.needsUpdate = true;
  }

  /** Where the body is in a frame: the middle of its pelvis. */
  middle(block: FrameBlock, frame: number): Point | null {
    return meanOf(block.position, this.head.labels.length, frame - block.begin, this.pelvis.all);
  }

  /** Where a marker is drawn, for its name; null where it is hidden. */
  place(marker: number): Point | null {
    if (this.kinds[marker] === HIDDEN) return null;
    return [this.places[3 * marker], this.places[3 * marker + 1], this.places[3 * marker + 2]];
  }

  dispose(): void {
    this.cloud.dispose();
    this.lines().forEach((lines) => lines.dispose());
    this.ellipsoids.geometry.dispose();
    (this.ellipsoids.material as THREE.Material).dispose();
  }
}

function along3(centre: Point, direction: Point, by: number): Point {
  return [centre[0] + by * direction[0], centre[1] + by * direction[1], centre[2] + by * direction[2]];
}
