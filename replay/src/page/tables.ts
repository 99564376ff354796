import { shown, shownScale, shownUnit, sideName, signed, title } from '../run/words';
import { clockText } from '../run/time_line';
import type { StrideTable, TrialHead } from '../trial/model';
import { h, replaceChildren } from './dom';

const PAGE = 100;
const COLUMNS = ['contralateral_pelvic_drop_peak', 'contralateral_pelvic_drop_excursion', 'hip_adduction_peak'];

/** What the strides come to: one row a metric, left and right. */
export function summaryTable(head: TrialHead): HTMLElement {
  const names = [...new Set(head.summary.map((row) => row.name))];
  const cells = (name: string, side: number) => {
    const row = head.summary.find((r) => r.name === name && r.side === side);
    if (!row) return [h('td', {}, '\u2013'), h('td', {}, '')];
    const scale = shownScale(row.unit);
    const digits = row.unit === 'rad' || row.unit === '1/min' ? 1 : 3;
    const interval = Number.isFinite(row.ciLow)
      ? `${shown(row.ciLow * scale, digits)} to ${shown(row.ciHigh * scale, digits)}` : '';
    return [
      h('td', { title: `${row.n} strides; ${signed(row.trendPerMinute * scale, 2)} a minute` },
        h('b', {}, shown(row.mean * scale, digits)), ` \u00b1 ${shown(row.sd * scale, digits)}`),
      h('td', { class: 'soft' }, interval),
    ];
  };
  const body = names.map((name) => {
    const row = head.summary.find((r) => r.name === name);
    const unit = shownUnit(row?.unit ?? '');
    return h('tr', { title: row?.definition ?? '' },
             h('th', { scope: 'row' }, `${title(name)}${unit ? `, ${unit}` : ''}`), ...cells(name, 0), ...cells(name, 1));
  });
  return h('table', { class: 'numbers', id: 'summary-table' },
           h('caption', {}, 'Mean \u00b1 sd of the accepted strides, and the 95 % interval of the mean'),
           h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Metric'), h('th', { scope: 'col', class: 'left' }, 'Left'),
                            h('th', { scope: 'col' }, '95 %'), h('th', { scope: 'col', class: 'right' }, 'Right'),
                            h('th', { scope: 'col' }, '95 %'))),
           h('tbody', {}, ...body));
}

/** Every stride, a page at a time; a click goes there. */
export class StrideList {
  readonly element = h('div', { class: 'stride-list' });
  private first = 0;
  private current = -1;
  private readonly order: number[];

  constructor(private readonly strides: StrideTable, private readonly onStride: (stride: number) => void) {
    this.order = [...strides.start.keys()].sort((a, b) => strides.start[a] - strides.start[b]);
    this.build();
  }

  private build(): void {
    const metrics = COLUMNS.map((name) => this.strides.metrics.find((m) => m.name === name)).filter((m) => m !== undefined);
    const shownMetrics = metrics.length > 0 ? metrics : this.strides.metrics.slice(0, 3);
    const rows = this.order.slice(this.first, this.first + PAGE).map((i) => h(
      'tr', { 'data-stride': i, class: this.strides.accepted[i] ? '' : 'rejected' },
      h('td', {}, h('button', { class: 'link', onclick: () => this.onStride(i) },
                    `${sideName(this.strides.side[i])} ${i + 1}`)),
      h('td', {}, clockText(this.strides.start[i])),
      ...shownMetrics.map((m) => h('td', {}, shown(m.values[i] * shownScale(m.unit), 1))),
      h('td', { class: 'soft' }, this.strides.accepted[i] ? '' : this.strides.reason[i] || 'not counted')));
    const heads = ['Stride', 'Starts', ...shownMetrics.map((m) => `${title(m.name)}, ${shownUnit(m.unit)}`), 'Not counted because'];
    replaceChildren(this.element, this.pager(),
                    h('table', { class: 'numbers', id: 'stride-table' }, h('caption', {}, 'Strides: a click goes there'),
                      h('thead', {}, h('tr', {}, ...heads.map((text) => h('th', { scope: 'col' }, text)))),
                      h('tbody', {}, ...rows)));
    this.mark();
  }

  private pager(): HTMLElement | null {
    if (this.order.length <= PAGE) return null;
    const go = (by: number) => () => {
      this.first = Math.min(Math.max(0, this.first + by), Math.floor((this.order.length - 1) / PAGE) * PAGE);
      this.build();
    };
    const last = Math.min(this.first + PAGE, this.order.length);
    return h('div', { class: 'pager' }, h('button', { onclick: go(-PAGE) }, 'Earlier'),
             `${this.first + 1} to ${last} of ${this.order.length}`, h('button', { onclick: go(PAGE) }, 'Later'));
  }

  /** Marks the stride that the picture is in. */
  show(stride: number): void {
    if (stride === this.current) return;
    this.current = stride;
    this.mark();
  }
  private mark(): void {
    for (const row of this.element.querySelectorAll('tbody tr')) {
      row.toggleAttribute('aria-current', Number((row as HTMLElement).dataset.stride) === this.current);
    }
  }
}

/** How the trial came to be and what its angles are, in the file's own words. */
export function aboutTrial(head: TrialHead): HTMLElement {
  const row = (name: string, text: string) => (text ? h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, text)) : null);
  return h('div', { class: 'about' },
    h('h3', {}, 'This trial'),
    h('table', {}, row('File', head.file), row('Trial', head.trial), row('Subject', head.subject),
      row('Session', head.session), row('Activity', head.activity), row('Recorded', head.created),
      row('Frames', `${head.time.length} at ${shown(head.rateHz, Number.isInteger(head.rateHz) ? 0 : 2)} Hz`),
      row('Markers', String(head.labels.length)), row('Cameras', String(head.cameras.length)), row('Lab frame', head.labFrame)),
    h('h3', {}, 'How it was made'),
    h('ol', { class: 'stages' }, ...head.stages.map((stage) => h('li', {}, h('code', {}, stage.command || stage.stage),
      h('span', { class: 'soft' }, ` medius ${stage.version}${stage.started ? `, ${stage.started}` : ''}`),
      ...stage.warnings.map((warning) => h('p', { class: 'warning' }, warning))))),
    h('h3', {}, 'Angles'),
    h('dl', {}, ...head.angles.flatMap((angle) => [h('dt', {}, title(angle.name)), h('dd', {}, angle.definition)])));
}
