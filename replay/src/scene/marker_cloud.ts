import * as THREE from 'three';

const RADIUS = 0.011; // metres: a little more than the usual marker, so that it is seen
/** How a marker is drawn. */
export const HIDDEN = 0;
export const MEASURED = 1;
export const FILLED = 2;
export const MISSING = 3;

// The size in pixels follows from the projection for perspective and parallel views alike.
const vertexShader = `
attribute float kind;
attribute vec3 tint;
uniform float halfHeight;
uniform float radius;
varying float vKind;
varying vec3 vTint;
void main() {
  vKind = kind;
  vTint = tint;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  gl_PointSize = max(7.0, 2.0 * radius * projectionMatrix[1][1] * halfHeight / gl_Position.w);
  if (kind < 0.5) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}`;

// Measured: a sphere. Filled: a ring. Missing: a cross where it was last seen.
const fragmentShader = `
uniform float opacity;
varying float vKind;
varying vec3 vTint;
void main() {
  vec2 p = 2.0 * gl_PointCoord - 1.0;
  float r2 = dot(p, p);
  vec3 shade = vTint;
  if (vKind < 1.5) {
    if (r2 > 1.0) discard;
    float facing = sqrt(1.0 - r2);
    float light = dot(normalize(vec3(p.x, -p.y, facing)), normalize(vec3(-0.4, 0.6, 0.7)));
    shade = vTint * (0.62 + 0.38 * max(light, 0.0)) + vec3(0.25) * pow(max(light, 0.0), 24.0);
  } else if (vKind < 2.5) {
    if (r2 > 1.0 || r2 < 0.36) discard;
  } else {
    vec2 q = abs(p);
    if (abs(q.x - q.y) > 0.28 || max(q.x, q.y) > 0.92) discard;
  }
  gl_FragColor = vec4(shade, opacity);
  #include <colorspace_fragment>
}`;

/** The markers of one frame. */
export class MarkerCloud {
  readonly points: THREE.Points;
  private readonly material: THREE.ShaderMaterial;
  private readonly geometry = new THREE.BufferGeometry();

  constructor(private readonly count: number) {
    this.geometry.setAttribute('position', new THREE.BufferAttribute(new Float32Array(3 * count), 3));
    this.geometry.setAttribute('tint', new THREE.BufferAttribute(new Float32Array(3 * count), 3));
    this.geometry.setAttribute('kind', new THREE.BufferAttribute(new Float32Array(count), 1));
    this.material = new THREE.ShaderMaterial({
      vertexShader,
      fragmentShader,
      transparent: true,
      uniforms: { halfHeight: { value: 300 }, radius: { value: RADIUS }, opacity: { value: 1 } },
    });
    this.points = new THREE.Points(this.geometry, this.material);
    this.points.frustumCulled = false;
  }

  setTints(tints: number[]): void {
    const attribute = this.geometry.getAttribute('tint') as THREE.BufferAttribute;
    tints.forEach((tint, i) => new THREE.Color(tint).toArray(attribute.array as Float32Array, 3 * i));
    attribute.needsUpdate = true;
  }
  setOpacity(opacity: number): void {
    this.material.uniforms.opacity.value = opacity;
  }
  /** @param pixels  height of the view on the screen. */
  setViewHeight(pixels: number): void {
    this.material.uniforms.halfHeight.value = pixels / 2;
  }

  /**
   * Shows a row of a block. A missing marker stands where it last was in the block, before that row.
   * @param places  filled with where each marker is drawn, count x 3.
   */
  show(position: Float32Array, source: Uint8Array, row: number, places: Float32Array, kinds: Uint8Array): void {
    const shownAt = this.geometry.getAttribute('position') as THREE.BufferAttribute;
    const shownAs = this.geometry.getAttribute('kind') as THREE.BufferAttribute;
    for (let m = 0; m < this.count; ++m) {
      let from = row;
      while (from >= 0 && Number.isNaN(position[3 * (from * this.count + m)])) --from;
      const how = source[row * this.count + m];
      kinds[m] = from < 0 ? HIDDEN : from < row || how === 0 ? MISSING : how === 1 || how === 5 ? MEASURED : FILLED;
      for (let k = 0; k < 3; ++k) places[3 * m + k] = from < 0 ? 0 : position[3 * (from * this.count + m) + k];
      shownAs.setX(m, kinds[m]);
    }
    (shownAt.array as Float32Array).set(places);
    shownAt.needsUpdate = true;
    shownAs.needsUpdate = true;
  }

  dispose(): void {
    this.geometry.dispose();
    this.material.dispose();
  }
}
