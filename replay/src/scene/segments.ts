import * as THREE from 'three';
import { LineMaterial } from 'three/addons/lines/LineMaterial.js';
import { LineSegments2 } from 'three/addons/lines/LineSegments2.js';
import { LineSegmentsGeometry } from 'three/addons/lines/LineSegmentsGeometry.js';

export interface SegmentStyle {
  width: number; // pixels
  dashed?: boolean;
  opacity?: number;
  onTop?: boolean;
}

/** Up to `most` straight lines of a width in pixels, each of its own colour, set anew every frame. */
export class Segments {
  readonly object: LineSegments2;
  private readonly ends: Float32Array;
  private readonly tints: Float32Array;
  private readonly geometry = new LineSegmentsGeometry();
  private readonly material: LineMaterial;
  private used = 0;

  constructor(private readonly most: number, style: SegmentStyle) {
    this.ends = new Float32Array(6 * Math.max(1, most));
    this.tints = new Float32Array(6 * Math.max(1, most));
    this.geometry.setPositions(this.ends);
    this.geometry.setColors(this.tints);
    this.material = new LineMaterial({
      linewidth: style.width,
      vertexColors: true,
      dashed: style.dashed ?? false,
      dashSize: 0.03,
      gapSize: 0.02,
      transparent: (style.opacity ?? 1) < 1,
      opacity: style.opacity ?? 1,
      depthTest: !(style.onTop ?? false),
    });
    this.object = new LineSegments2(this.geometry, this.material);
    this.object.frustumCulled = false;
    if (style.onTop) this.object.renderOrder = 10;
  }

  begin(): void {
    this.used = 0;
  }
  add(a: ArrayLike<number>, b: ArrayLike<number>, tint: THREE.Color, aAt = 0, bAt = 0): void {
    if (this.used >= this.most) return;
    const at = 6 * this.used++;
    for (let k = 0; k < 3; ++k) {
      this.ends[at + k] = a[aAt + k];
      this.ends[at + 3 + k] = b[bAt + k];
    }
    tint.toArray(this.tints, at);
    tint.toArray(this.tints, at + 3);
  }
  end(): void {
    const start = this.geometry.getAttribute('instanceStart') as THREE.InterleavedBufferAttribute;
    const colour = this.geometry.getAttribute('instanceColorStart') as THREE.InterleavedBufferAttribute;
    start.data.array.set(this.ends);
    start.data.needsUpdate = true;
    colour.data.array.set(this.tints);
    colour.data.needsUpdate = true;
    this.geometry.instanceCount = this.used;
    this.object.visible = this.used > 0;
    if (this.material.dashed) this.object.computeLineDistances();
  }

  setResolution(width: number, height: number): void {
    this.material.resolution.set(width, height);
  }
  setOpacity(opacity: number): void {
    this.material.opacity = opacity;
    this.material.transparent = opacity < 1;
  }
  dispose(): void {
    this.geometry.dispose();
    this.material.dispose();
  }
}
