import * as THREE from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import type { Point } from '../run/geometry';
import type { Runner } from './runner';

export type ViewName = 'behind' | 'front' | 'side' | 'top' | 'free';
export const VIEWS: { name: ViewName; title: string; key: string }[] = [
  { name: 'behind', title: 'Behind', key: '1' },
  { name: 'front', title: 'Front', key: '2' },
  { name: 'side', title: 'Side', key: '3' },
  { name: 'top', title: 'Top', key: '4' },
  { name: 'free', title: 'Free', key: '5' },
];

const FAR = 12; // metres from the body, for the parallel views
const BODY_HEIGHT = 2.3; // metres that a view shows at first
const TURN = 0.12; // radians a key press

// From where each view looks, and what is up in it. X is where the runner runs, Y the runner's left.
const FROM: Record<ViewName, { offset: Point; up: Point }> = {
  behind: { offset: [-FAR, 0, 0], up: [0, 0, 1] },
  front: { offset: [FAR, 0, 0], up: [0, 0, 1] },
  side: { offset: [0, -FAR, 0], up: [0, 0, 1] },
  top: { offset: [0, 0, FAR], up: [1, 0, 0] },
  free: { offset: [-2.6, -2.2, 0.9], up: [0, 0, 1] },
};

interface Pane {
  scene: THREE.Scene;
  /** Added to what the camera looks at, so that another lab's runner is in the middle of its own pane. */
  shift: Point;
}

/** The canvas: one or two panes seen through one camera. */
export class Stage {
  readonly renderer: THREE.WebGLRenderer;
  private readonly flat = new THREE.OrthographicCamera(-1, 1, 1, -1, 0.1, 60);
  private readonly deep = new THREE.PerspectiveCamera(34, 1, 0.05, 80);
  private readonly flatControls: OrbitControls;
  private readonly deepControls: OrbitControls;
  private view: ViewName = 'behind';
  private target: Point = [0, 0, 0.9];
  private panes: Pane[] = [];
  private width = 1;
  private height = 1;

  constructor(private readonly canvas: HTMLCanvasElement, onChange: () => void) {
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: true, preserveDrawingBuffer: false });
    this.renderer.setScissorTest(true);
    this.flatControls = new OrbitControls(this.flat, canvas);
    this.flatControls.enableRotate = false;
    this.deep.up.set(0, 0, 1);
    this.deepControls = new OrbitControls(this.deep, canvas);
    for (const controls of [this.flatControls, this.deepControls]) {
      controls.enableDamping = false;
      controls.addEventListener('change', onChange);
    }
    this.setView('behind');
  }

  setPanes(panes: Pane[]): void {
    this.panes = panes;
    this.resize(this.width, this.height);
  }

  get currentView(): ViewName {
    return this.view;
  }
  private get camera(): THREE.Camera {
    return this.view === 'free' ? this.deep : this.flat;
  }
  private get controls(): OrbitControls {
    return this.view === 'free' ? this.deepControls : this.flatControls;
  }

  setView(view: ViewName): void {
    this.view = view;
    this.flatControls.enabled = view !== 'free';
    this.deepControls.enabled = view === 'free';
    const { offset, up } = FROM[view];
    const camera = this.camera;
    camera.up.set(...up);
    if (camera instanceof THREE.OrthographicCamera) camera.zoom = 1;
    camera.position.set(this.target[0] + offset[0], this.target[1] + offset[1], this.target[2] + offset[2]);
    this.controls.target.set(...this.target);
    this.applyAspect();
    this.controls.update();
  }

  /** Moves what is looked at, and the camera with it. */
  follow(to: Point): void {
    const by = new THREE.Vector3(to[0] - this.target[0], to[1] - this.target[1], to[2] - this.target[2]);
    if (by.lengthSq() < 1e-12) return;
    this.target = to;
    for (const [camera, controls] of [[this.flat, this.flatControls], [this.deep, this.deepControls]] as const) {
      camera.position.add(by);
      controls.target.add(by);
    }
  }

  turn(horizontal: number, vertical: number): void {
    if (this.view !== 'free') this.setView('free');
    const offset = this.deep.position.clone().sub(this.deepControls.target);
    const flatLength = Math.hypot(offset.x, offset.y);
    const azimuth = Math.atan2(offset.y, offset.x) + horizontal * TURN;
    const elevation = Math.min(1.5, Math.max(-1.5, Math.atan2(offset.z, flatLength) + vertical * TURN));
    const length = offset.length();
    offset.set(Math.cos(elevation) * Math.cos(azimuth), Math.cos(elevation) * Math.sin(azimuth), Math.sin(elevation));
    this.deep.position.copy(this.deepControls.target).addScaledVector(offset, length);
    this.deepControls.update();
  }

  zoom(factor: number): void {
    if (this.view === 'free') {
      const offset = this.deep.position.clone().sub(this.deepControls.target);
      this.deep.position.copy(this.deepControls.target).addScaledVector(offset, 1 / factor);
    } else {
      this.flat.zoom = Math.min(40, Math.max(0.1, this.flat.zoom * factor));
    }
    this.applyAspect();
    this.controls.update();
  }

  resize(width: number, height: number, pixelRatio = Math.min(window.devicePixelRatio, 2)): void {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.renderer.setPixelRatio(pixelRatio);
    this.renderer.setSize(this.width, this.height, false);
    this.applyAspect();
  }

  private get paneWidth(): number {
    return this.width / Math.max(1, this.panes.length);
  }

  private applyAspect(): void {
    const aspect = this.paneWidth / this.height;
    // A narrow pane shows the whole width of a runner all the same.
    const half = (BODY_HEIGHT / 2) * Math.max(1, 0.62 / aspect);
    Object.assign(this.flat, { left: -half * aspect, right: half * aspect, top: half, bottom: -half });
    this.flat.updateProjectionMatrix();
    this.deep.aspect = aspect;
    this.deep.updateProjectionMatrix();
  }

  sizeRunner(runner: Runner): void {
    runner.setView(this.paneWidth, this.height, this.renderer.getPixelRatio());
  }

  render(background: number): void {
    this.panes.forEach((pane, i) => {
      const x = i * this.paneWidth;
      this.renderer.setViewport(x, 0, this.paneWidth, this.height);
      this.renderer.setScissor(x, 0, this.paneWidth, this.height);
      this.renderer.setClearColor(background);
      pane.scene.position.set(-pane.shift[0], -pane.shift[1], -pane.shift[2]);
      pane.scene.updateMatrixWorld();
      this.renderer.render(pane.scene, this.camera);
    });
  }

  /** Where a point of the lab is on the canvas, in its pixels; null behind the camera. */
  project(point: Point, pane = 0): { x: number; y: number } | null {
    const shift = this.panes[pane]?.shift ?? [0, 0, 0];
    const at = new THREE.Vector3(point[0] - shift[0], point[1] - shift[1], point[2] - shift[2]).project(this.camera);
    if (at.z < -1 || at.z > 1) return null;
    return { x: (pane + (at.x + 1) / 2) * this.paneWidth, y: ((1 - at.y) / 2) * this.height };
  }

  get element(): HTMLCanvasElement {
    return this.canvas;
  }
  get size(): [number, number] {
    return [this.width, this.height];
  }
}
