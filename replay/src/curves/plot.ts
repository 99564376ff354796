import uPlot from 'uplot';
import { h, setText } from '../page/dom';
import { signWords } from '../run/words';
import { DASH, plotColours, WIDTH, type PlotColours } from './plot_colours';
import type { Line, PlotModel } from './plot_model';

export interface Cursor {
  x: number;
  side: 'left' | 'right' | 'middle';
}

/** One plot: its title and the values at the cursor, the curves, the cursors. */
export class Plot {
  readonly element = h('figure', { class: 'plot' });
  private readonly heading = h('span', { class: 'plot-title' });
  private readonly values = h('span', { class: 'plot-values' });
  private readonly sign = h('span', { class: 'plot-sign' });
  private readonly area = h('div', { class: 'plot-area' });
  private readonly cursors = [h('div', { class: 'now left' }), h('div', { class: 'now right' }),
                              h('div', { class: 'now middle' })];
  private chart: uPlot | null = null;
  private shownModel: PlotModel | null = null;

  constructor(private readonly onPick: (x: number) => void, tools: HTMLElement) {
    this.element.append(h('figcaption', {}, this.heading, this.sign, this.values, tools), this.area);
  }

  get model(): PlotModel | null {
    return this.shownModel;
  }
  get canvas(): HTMLCanvasElement | null {
    return this.chart?.ctx.canvas ?? null;
  }

  show(model: PlotModel, definition: string): void {
    this.shownModel = model;
    setText(this.heading, model.unit ? `${model.title}, ${model.unit}` : model.title);
    setText(this.sign, signWords(definition));
    this.heading.title = definition;
    this.area.setAttribute('role', 'img');
    this.area.setAttribute('aria-label', `${model.title} over ${model.xLabel}; ${model.note}. ${definition}`);
    this.build();
  }

  private build(): void {
    const model = this.shownModel;
    this.chart?.destroy();
    this.chart = null;
    const { clientWidth: width, clientHeight: height } = this.area;
    if (!model || width < 40 || height < 40) return;
    const data = [model.x, ...model.lines.map((line) => line.y)] as uPlot.AlignedData;
    this.chart = new uPlot(options(model, width, height, plotColours()), data, this.area);
    this.chart.over.append(...this.cursors);
    this.chart.over.addEventListener('pointerdown', (event) => this.pick(event));
    this.chart.over.addEventListener('pointermove', (event) => event.buttons === 1 && this.pick(event));
  }

  private pick(event: PointerEvent): void {
    if (!this.chart) return;
    const left = event.clientX - this.chart.over.getBoundingClientRect().left;
    this.onPick(this.chart.posToVal(left, 'x'));
  }

  resize(): void {
    if (this.chart && this.area.clientWidth === this.chart.width && this.area.clientHeight === this.chart.height) return;
    this.build();
  }
  recolour(): void {
    this.build();
  }

  showCursors(cursors: Cursor[], values: string): void {
    setText(this.values, values);
    for (const element of this.cursors) {
      const cursor = cursors.find((c) => element.classList.contains(c.side));
      const left = cursor && this.chart ? this.chart.valToPos(cursor.x, 'x') : -1;
      const inside = this.chart !== null && left >= 0 && left <= this.chart.over.clientWidth;
      element.hidden = !inside;
      if (inside) element.style.transform = `translateX(${left}px)`;
      if (inside && cursor) element.dataset.x = String(cursor.x);
    }
  }

  destroy(): void {
    this.chart?.destroy();
    this.element.remove();
  }
}

function series(line: Line, colours: PlotColours, points: boolean): uPlot.Series {
  const dots = points && line.weight === 'thin';
  return {
    label: line.label,
    stroke: colours.line[line.role],
    width: dots ? 0 : WIDTH[line.weight],
    dash: line.weight === 'thin' ? [] : DASH[line.role],
    alpha: line.weight === 'thin' && !dots ? 0.35 : 1,
    spanGaps: false,
    points: { show: dots, size: 4, fill: colours.line[line.role] },
  };
}

function options(model: PlotModel, width: number, height: number, colours: PlotColours): uPlot.Options {
  const axis = { stroke: colours.text, grid: { stroke: colours.grid, width: 1 }, ticks: { stroke: colours.grid, width: 1 },
                 font: '11px system-ui, sans-serif' };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 10, 0, 0],
    scales: { x: { time: false } },
    axes: [{ ...axis, size: 24, gap: 2 }, { ...axis, size: 38, gap: 3, space: 22 }],
    series: [{}, ...model.lines.map((line) => series(line, colours, model.xLabel === 'time, min'))],
    bands: model.bands.map(({ upper, lower, role }) => ({
      series: [upper + 1, lower + 1] as [number, number],
      fill: translucent(colours.line[role], 0.16),
    })),
    hooks: { drawClear: [(u) => zeroLine(u, colours)] },
  };
}

// Zero is where a sign changes its meaning: it is drawn a little stronger than the grid.
function zeroLine(u: uPlot, colours: PlotColours): void {
  const { min, max } = u.scales.y;
  if (min === undefined || max === undefined || min === null || max === null || min > 0 || max < 0) return;
  const y = Math.round(u.valToPos(0, 'y', true)) + 0.5;
  u.ctx.save();
  u.ctx.strokeStyle = colours.text;
  u.ctx.globalAlpha = 0.6;
  u.ctx.beginPath();
  u.ctx.moveTo(u.bbox.left, y);
  u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
  u.ctx.stroke();
  u.ctx.restore();
}

/** #rrggbb with an opacity. */
export function translucent(colour: string, opacity: number): string {
  const hex = Math.round(255 * opacity).toString(16).padStart(2, '0');
  return /^#[0-9a-f]{6}$/i.test(colour) ? colour + hex : colour;
}
