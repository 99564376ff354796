import type { Point } from '../run/geometry';
import { matchingTime } from '../run/strides';
import { frameAt } from '../run/time_line';
import { signed } from '../run/words';
import { darkWanted, sceneColours } from '../scene/colours';
import type { Shown } from '../scene/runner';
import { Stage, type ViewName } from '../scene/stage';
import type { Side } from '../trial/model';
import { h, setText } from './dom';
import type { OpenTrial } from './open_trial';

export type Compare = 'off' | 'side' | 'ghost';
export interface PictureShown extends Shown {
  names: boolean;
  floor: boolean;
  cameras: boolean;
}

/** The moment of the second trial that is beside the first. */
export interface Beside {
  stride: number;
  percent: number;
  t: number;
  frame: number;
}

const LABEL_RISE = 24; // pixels from the line to its number

/** The picture of one trial or two: draws a frame, and says what it drew. */
export class Picture {
  readonly canvas = h('canvas', { id: 'picture', tabindex: 0, role: 'img', 'aria-label': 'The run in 3D' });
  private readonly labels = h('div', { class: 'labels', 'aria-hidden': 'true' });
  private readonly pelvisLabel = h('div', { class: 'pelvis-label', 'aria-hidden': 'true' });
  readonly element = h('div', { class: 'picture' }, this.canvas, this.labels, this.pelvisLabel);
  readonly shown: PictureShown = { links: true, skeleton: true, rays: false, ellipsoids: false, names: false,
                                   floor: true, cameras: false };
  readonly stage: Stage;
  compare: Compare = 'off';
  beside: Beside | null = null;
  private trials: OpenTrial[] = [];

  /** @param onChange  the view was moved: draw again. */
  constructor(onChange: () => void) {
    this.stage = new Stage(this.canvas, onChange);
  }

  setTrials(trials: OpenTrial[]): void {
    this.trials = trials;
    this.arrange();
    this.setView(this.stage.currentView);
  }

  setView(view: ViewName): void {
    const [first] = this.trials;
    if (first) this.stage.follow(lookAt(first.extent.middle));
    this.stage.setView(view);
  }

  setCompare(compare: Compare): void {
    this.compare = compare;
    this.arrange();
  }

  private arrange(): void {
    const [first, second] = this.trials;
    if (!first) return;
    const origin: Point = [0, 0, 0];
    const panes = [{ scene: first.scene, shift: origin }];
    first.scene.add(first.runner.group);
    if (second) {
      const ghost = this.compare === 'ghost';
      second.runner.setGhost(ghost);
      second.runner.group.position.set(0, 0, 0);
      (ghost ? first : second).scene.add(second.runner.group);
      second.runner.group.visible = this.compare !== 'off';
      if (this.compare === 'side') panes.push({ scene: second.scene, shift: between(first, second) });
    }
    this.stage.setPanes(panes);
    this.resize();
  }

  resize(): void {
    this.stage.resize(this.element.clientWidth, this.element.clientHeight);
    for (const trial of this.trials) {
      this.stage.sizeRunner(trial.runner);
      trial.setSize(...this.stage.size);
    }
  }
  recolour(): void {
    for (const trial of this.trials) trial.setColours(sceneColours());
  }

  /** Draws a frame of the first trial, and what belongs beside it. false: its block is not here yet. */
  draw(frame: number, t: number, side: Side): boolean {
    const [first, second] = this.trials;
    if (!first) return true;
    this.beside = second && this.compare !== 'off' ? besideOf(first, second, t, side) : null;
    const drawn = this.pose(first, frame);
    const drawnBeside = !second || !this.beside || this.pose(second, this.beside.frame);
    if (!drawn || !drawnBeside) return false;
    if (second) second.runner.group.visible = this.beside !== null;
    if (second && this.compare === 'ghost' && this.beside) this.placeGhost(first, frame, second, this.beside.frame);
    if (!first.extent.isTreadmill) this.followBody(first, frame);
    for (const trial of this.trials) trial.showSurroundings(this.shown.floor, this.shown.cameras);
    this.stage.render(sceneColours().background);
    this.placeLabels(first, frame);
    this.canvas.dataset.frame = String(frame);
    return true;
  }

  private pose(trial: OpenTrial, frame: number): boolean {
    const { client, runner } = trial;
    if (!client.head.hasTrajectories) return true;
    const block = client.frames.peek(frame);
    if (!block) return false;
    const rays = this.shown.rays ? client.sightings.peek(frame) : null;
    const covariance = this.shown.ellipsoids ? client.covariance.peek(frame) : null;
    if ((this.shown.rays && !rays) || (this.shown.ellipsoids && !covariance)) return false;
    runner.show(block, frame, this.shown);
    runner.showRays(rays, frame);
    runner.showEllipsoids(covariance, frame);
    return true;
  }

  // The ghost stands where the first runner does, so that what differs is the posture.
  private placeGhost(first: OpenTrial, frame: number, second: OpenTrial, otherFrame: number): void {
    const here = bodyOf(first, frame);
    const there = bodyOf(second, otherFrame);
    if (here && there) second.runner.group.position.set(here[0] - there[0], here[1] - there[1], 0);
  }

  private followBody(first: OpenTrial, frame: number): void {
    const body = bodyOf(first, frame);
    if (body) this.stage.follow([body[0], body[1], lookAt(first.extent.middle)[2]]);
  }

  private placeLabels(first: OpenTrial, frame: number): void {
    const centre = first.runner.pelvisCentre;
    const at = centre ? this.stage.project(centre) : null;
    this.pelvisLabel.hidden = !at;
    const value = degreesOf(first, frame);
    if (at) {
      setText(this.pelvisLabel, `${signed(value)}\u00b0`);
      this.pelvisLabel.style.transform = `translate(${at.x + 8}px, ${at.y - LABEL_RISE}px)`;
    }
    this.placeNames(first);
  }

  private placeNames(first: OpenTrial): void {
    this.labels.hidden = !this.shown.names;
    if (!this.shown.names) return;
    const { labels } = first.head;
    while (this.labels.childElementCount < labels.length) this.labels.append(h('span'));
    labels.forEach((label, i) => {
      const element = this.labels.children[i] as HTMLElement;
      const place = first.runner.place(i);
      const at = place ? this.stage.project(place) : null;
      element.hidden = !at;
      setText(element, label);
      if (at) element.style.transform = `translate(${at.x + 7}px, ${at.y - 7}px)`;
    });
  }

  /** The number beside the line, for a saved picture. */
  labelForSaving(): { text: string; x: number; y: number } | null {
    const [first] = this.trials;
    const centre = first?.runner.pelvisCentre;
    const at = centre ? this.stage.project(centre) : null;
    return at ? { text: this.pelvisLabel.textContent ?? '', x: at.x + 8, y: at.y - LABEL_RISE } : null;
  }
  get isDark(): boolean {
    return darkWanted();
  }
}

function besideOf(first: OpenTrial, second: OpenTrial, t: number, side: Side): Beside | null {
  const match = matchingTime(first.head.strides, t, side, second.head.strides);
  return match && { ...match, frame: frameAt(second.head.time, match.t) };
}

function bodyOf(trial: OpenTrial, frame: number): Point | null {
  const block = trial.client.frames.peek(frame);
  return block && trial.runner.middle(block, frame);
}

function lookAt(middle: Point): Point {
  return [middle[0], middle[1], Math.max(0.85, middle[2])];
}
function between(first: OpenTrial, second: OpenTrial): Point {
  const a = lookAt(first.extent.middle);
  const b = lookAt(second.extent.middle);
  return [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
}

/** Pelvis obliquity of a frame as the table has it, degrees; NaN where it is missing or not here. */
export function degreesOf(trial: OpenTrial, frame: number): number {
  const block = trial.client.frames.peek(frame);
  if (!block || block.obliquity.length === 0) return NaN;
  return (block.obliquity[frame - block.begin] * 180) / Math.PI;
}
