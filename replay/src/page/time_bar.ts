import { clockText } from '../run/time_line';
import { sideName } from '../run/words';
import type { TrialHead } from '../trial/model';
import { h } from './dom';

const HEIGHT = 46;

/** The whole run as a bar: events, rejected strides, what repeats, and where the page is. A slider to the keyboard. */
export class TimeBar {
  private readonly canvas = h('canvas', { class: 'time-marks', 'aria-hidden': 'true' });
  private readonly now = h('div', { class: 'time-now', 'aria-hidden': 'true' });
  readonly element = h('div', {
    class: 'time-bar', role: 'slider', tabindex: 0, 'aria-label': 'Time in the run', id: 'time-bar',
    onpointerdown: (event: PointerEvent) => this.drag(event),
    onpointermove: (event: PointerEvent) => this.hover(event),
  }, this.canvas, this.now);
  private width = 0;
  private loop: [number, number] | null = null;

  constructor(private readonly head: TrialHead, private readonly onSeek: (t: number) => void) {
    this.element.setAttribute('aria-valuemin', String(this.begin));
    this.element.setAttribute('aria-valuemax', String(this.end));
  }

  private get begin(): number {
    return this.head.time[0];
  }
  private get end(): number {
    return this.head.time[this.head.time.length - 1];
  }
  private x(t: number): number {
    return ((t - this.begin) / (this.end - this.begin || 1)) * this.width;
  }
  private timeAt(event: PointerEvent): number {
    const box = this.element.getBoundingClientRect();
    return this.begin + ((event.clientX - box.left) / (box.width || 1)) * (this.end - this.begin);
  }

  private drag(event: PointerEvent): void {
    this.element.setPointerCapture(event.pointerId);
    this.onSeek(this.timeAt(event));
  }

  private hover(event: PointerEvent): void {
    const t = this.timeAt(event);
    if (event.buttons === 1) this.onSeek(t);
    const { strides } = this.head;
    const rejected = [...strides.start.keys()].find(
      (i) => strides.accepted[i] === 0 && strides.start[i] <= t && t < strides.end[i]);
    this.element.title = rejected === undefined ? clockText(t)
      : `${clockText(t)}: ${sideName(strides.side[rejected])} stride not counted: ${strides.reason[rejected]}`;
  }

  showTime(t: number): void {
    this.now.style.transform = `translateX(${this.x(t)}px)`;
    this.element.setAttribute('aria-valuenow', t.toFixed(3));
    this.element.setAttribute('aria-valuetext', clockText(t));
  }

  showLoop(loop: [number, number] | null): void {
    this.loop = loop;
    this.draw();
  }

  draw(): void {
    this.width = this.element.clientWidth;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.width * ratio));
    this.canvas.height = Math.round(HEIGHT * ratio);
    const context = this.canvas.getContext('2d');
    if (!context || this.width === 0) return;
    context.scale(ratio, ratio);
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    if (this.loop) {
      context.fillStyle = colour('--loop');
      context.fillRect(this.x(this.loop[0]), 0, Math.max(2, this.x(this.loop[1]) - this.x(this.loop[0])), HEIGHT);
    }
    this.drawStrides(context, colour);
    this.drawEvents(context, colour);
  }

  // Left above, right below, so that the sides need no colour.
  private drawStrides(context: CanvasRenderingContext2D, colour: (name: string) => string): void {
    const { strides } = this.head;
    for (let i = 0; i < strides.start.length; ++i) {
      const left = this.x(strides.start[i]);
      const width = Math.max(1, this.x(strides.end[i]) - left - 1);
      const y = strides.side[i] === 1 ? HEIGHT / 2 + 4 : 8;
      const height = HEIGHT / 2 - 12;
      context.fillStyle = colour(strides.side[i] === 1 ? '--right' : '--left');
      context.globalAlpha = strides.accepted[i] ? 0.28 : 0;
      context.fillRect(left, y, width, height);
      context.globalAlpha = 1;
      if (!strides.accepted[i]) this.cross(context, left, y, width, height, colour('--text'));
    }
  }

  private cross(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, colour: string):
      void {
    context.strokeStyle = colour;
    context.lineWidth = 1.2;
    context.strokeRect(x + 0.5, y + 0.5, Math.max(1, width - 1), height - 1);
    context.beginPath();
    context.moveTo(x, y + height);
    context.lineTo(x + width, y);
    context.stroke();
  }

  private drawEvents(context: CanvasRenderingContext2D, colour: (name: string) => string): void {
    const { events } = this.head;
    for (let i = 0; i < events.time.length; ++i) {
      const isStrike = events.type[i] === 0;
      context.fillStyle = colour(events.side[i] === 1 ? '--right' : '--left');
      const top = events.side[i] === 1 ? HEIGHT / 2 + (isStrike ? 2 : 8) : isStrike ? 4 : 10;
      context.fillRect(this.x(events.time[i]) - 0.5, top, 1.2, isStrike ? HEIGHT / 2 - 7 : HEIGHT / 2 - 18);
    }
  }
}
