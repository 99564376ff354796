import { h, replaceChildren } from '../page/dom';
import { shown, shownScale, sideName } from '../run/words';
import { percentOf, strideAt } from '../run/strides';
import type { TrialClient } from '../trial/client';
import { LEFT, RIGHT } from '../trial/model';
import { angleGroups, firstGroups, type AngleGroup } from './angle_groups';
import { Plot, type Cursor } from './plot';
import { runModel, strideModel, type CurveMode, type PlotModel, type StrideCurves } from './plot_model';

export const MODES: { mode: CurveMode; title: string }[] = [
  { mode: 'run', title: 'Whole run' },
  { mode: 'stride', title: 'One stride' },
  { mode: 'all', title: 'All strides' },
];

export interface PlotSaver {
  (plot: Plot, kind: 'svg' | 'png'): void;
}

/** The curves beside the picture: a plot an angle, cursors that go with the picture. */
export class CurvePanel {
  readonly element = h('div', { class: 'curves' });
  private readonly groups: AngleGroup[];
  private readonly open: Set<string>;
  private readonly plots = new Map<string, Plot>();
  private readonly list = h('div', { class: 'plots' });
  private readonly note = h('p', { class: 'soft plot-note' });
  private readonly modeButtons: HTMLButtonElement[];
  private series = new Map<string, Float64Array>();
  private mode_: CurveMode = 'run';
  private strideKey = '';
  private version = 0;

  /** @param onSeek  goes to a time of the run; @param onFail  something could not be read. */
  constructor(private readonly trial: TrialClient, private readonly other: () => TrialClient | null,
              private readonly onSeek: (t: number) => void, private readonly save: PlotSaver,
              private readonly onFail: (error: Error) => void, private readonly hereAndNow: () => number) {
    this.groups = angleGroups(trial.head.angles);
    this.open = new Set(firstGroups(this.groups));
    this.modeButtons = MODES.map(({ mode, title }) =>
      h('button', { 'data-mode': mode, 'aria-pressed': mode === this.mode_, onclick: () => this.setMode(mode) }, title));
    this.element.append(h('div', { class: 'plot-tools', role: 'group', 'aria-label': 'Curves over' },
                          ...this.modeButtons, this.chooser()), this.list, this.note);
    this.arrange();
  }

  get mode(): CurveMode {
    return this.mode_;
  }

  setMode(mode: CurveMode): void {
    this.mode_ = mode;
    for (const button of this.modeButtons) button.setAttribute('aria-pressed', String(button.dataset.mode === mode));
    this.refresh();
  }

  private chooser(): HTMLElement {
    const boxes = this.groups.map((group) => h('label', {}, h('input', {
      type: 'checkbox', checked: this.open.has(group.base),
      onchange: (event: Event) => {
        if ((event.target as HTMLInputElement).checked) this.open.add(group.base);
        else this.open.delete(group.base);
        this.arrange();
      },
    }), ` ${group.title}`));
    return h('details', { class: 'chooser' }, h('summary', {}, 'Angles'), h('div', { class: 'menu' }, ...boxes));
  }

  private arrange(): void {
    const wanted = this.groups.filter((group) => this.open.has(group.base));
    for (const [base, plot] of this.plots) {
      if (!this.open.has(base)) {
        plot.destroy();
        this.plots.delete(base);
      }
    }
    for (const group of wanted) {
      if (!this.plots.has(group.base)) this.plots.set(group.base, this.makePlot(group));
    }
    replaceChildren(this.list, ...wanted.map((group) => this.plots.get(group.base)?.element));
    this.list.style.setProperty('--plots', String(Math.max(1, wanted.length)));
    this.resize();
    this.refresh();
  }

  private makePlot(group: AngleGroup): Plot {
    const tools = h('span', { class: 'plot-save' });
    const plot = new Plot((x) => this.pick(x), tools);
    for (const kind of ['svg', 'png'] as const) {
      tools.append(h('button', { class: 'plain', 'aria-label': `Save ${group.title} as ${kind.toUpperCase()}`,
                                 onclick: () => this.save(plot, kind) }, kind.toUpperCase()));
    }
    return plot;
  }

  private pick(x: number): void {
    if (this.mode_ === 'run') return this.onSeek(x);
    const { strides } = this.trial.head;
    const t = this.hereAndNow();
    const stride = [RIGHT, LEFT].map((side) => strideAt(strides, side, t)).find((i) => i >= 0);
    if (stride === undefined) return;
    const share = Math.min(Math.max(x, 0), 99.9) / 100;
    this.onSeek(strides.start[stride] + share * (strides.end[stride] - strides.start[stride]));
  }

  /** Reads what the plots show and draws them. */
  refresh(): void {
    const version = ++this.version;
    const draw = async () => {
      for (const [base, plot] of this.plots) {
        const group = this.groups.find((g) => g.base === base);
        if (!group) continue;
        const model = await this.model(group);
        if (version !== this.version) return; // something newer is on its way
        plot.show(model, group.definition);
        this.note.textContent = model.note;
      }
      this.strideKey = '';
      this.element.dataset.drawn = this.mode_;
    };
    draw().catch(this.onFail);
  }

  private async model(group: AngleGroup): Promise<PlotModel> {
    if (this.mode_ === 'run') {
      const series = await Promise.all(group.members.map((member) => this.trial.series(member.name)));
      group.members.forEach((member, i) => this.series.set(member.name, series[i]));
      return runModel(group, this.trial.head.time, series);
    }
    for (const member of group.members) {
      if (!this.series.has(member.name)) this.series.set(member.name, await this.trial.series(member.name));
    }
    const other = this.other();
    return strideModel(group, this.mode_, await strideCurves(this.trial, group), this.hereAndNow(),
                       other ? await strideCurves(other, group) : null);
  }

  /** Puts the cursors at a time, and the values of its frame above each plot. */
  showTime(t: number, frame: number): void {
    this.redrawOnNewStride(t);
    const cursors = this.cursors(t);
    for (const [base, plot] of this.plots) {
      const group = this.groups.find((g) => g.base === base);
      if (group) plot.showCursors(cursors, this.valuesText(group, frame));
    }
  }

  private redrawOnNewStride(t: number): void {
    if (this.mode_ !== 'stride') return;
    const key = [LEFT, RIGHT].map((side) => strideAt(this.trial.head.strides, side, t)).join(' ');
    if (this.strideKey !== '' && key !== this.strideKey) this.refresh();
    this.strideKey = key;
  }

  private cursors(t: number): Cursor[] {
    if (this.mode_ === 'run') return [{ x: t, side: 'middle' }];
    const { strides } = this.trial.head;
    return [LEFT, RIGHT].flatMap((side) => {
      const stride = strideAt(strides, side, t);
      return stride < 0 ? [] : [{ x: percentOf(strides, stride, t), side: sideName(side) as 'left' | 'right' }];
    });
  }

  private valuesText(group: AngleGroup, frame: number): string {
    return group.members.map((member) => {
      const value = this.series.get(member.name)?.[frame];
      if (value === undefined) return '';
      const text = `${shown(value * shownScale(group.unit), 1)}${group.unit === 'rad' ? '\u00b0' : ''}`;
      return member.side === null ? text : `${member.side === LEFT ? 'L' : 'R'} ${text}`;
    }).filter((text) => text).join('   ');
  }

  plot(base: string): Plot | undefined {
    return this.plots.get(base);
  }
  resize(): void {
    for (const plot of this.plots.values()) plot.resize();
  }
  recolour(): void {
    for (const plot of this.plots.values()) plot.recolour();
  }
}

async function strideCurves(trial: TrialClient, group: AngleGroup): Promise<StrideCurves> {
  const has = new Set(trial.head.angles.filter((angle) => angle.hasCurves).map((angle) => angle.name));
  const bySide = await Promise.all([LEFT, RIGHT].map(async (side) => {
    const member = group.members.find((m) => (m.side === side || m.side === null) && has.has(m.name));
    return member ? trial.curves(member.name) : null;
  }));
  return { strides: trial.head.strides, bySide };
}
