import { h } from '../page/dom';
import { title } from '../run/words';
import type { StrideTable } from '../trial/model';
import { driftModel } from './drift_model';
import { Plot } from './plot';
import type { PlotSaver } from './panel';

const FIRST = 'contralateral_pelvic_drop_peak';

/** A metric of every stride over the minutes of the run. */
export class DriftPanel {
  readonly element = h('div', { class: 'drift' });
  private readonly plot: Plot;
  private readonly choice: HTMLSelectElement;

  constructor(private readonly strides: StrideTable, onSeek: (t: number) => void, save: PlotSaver) {
    const tools = h('span', { class: 'plot-save' });
    this.plot = new Plot((minutes) => onSeek(minutes * 60), tools);
    for (const kind of ['svg', 'png'] as const) {
      tools.append(h('button', { class: 'plain', 'aria-label': `Save the drift as ${kind.toUpperCase()}`,
                                 onclick: () => save(this.plot, kind) }, kind.toUpperCase()));
    }
    this.choice = h('select', { id: 'drift-metric', onchange: () => this.show() },
                    ...strides.metrics.map((m) => h('option', { value: m.name, selected: m.name === FIRST }, title(m.name))));
    this.element.append(h('div', { class: 'plot-tools' }, h('label', { for: 'drift-metric' }, 'Metric '), this.choice),
                        this.plot.element, h('p', { class: 'soft' },
                          'Dots are accepted strides; lines are the median of 21 strides around each. Left is red and whole, right is blue and dashed.'));
  }

  show(): void {
    const model = driftModel(this.strides, this.choice.value);
    const metric = this.strides.metrics.find((m) => m.name === this.choice.value);
    if (model && model.x.length > 0) this.plot.show(model, metric?.definition ?? '');
  }
  showTime(t: number): void {
    this.plot.showCursors([{ x: t / 60, side: 'middle' }], '');
  }
}
