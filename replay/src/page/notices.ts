import { h } from './dom';
import type { TrialHead } from '../trial/model';
import type { MarkerSet } from '../run/marker_set';

export interface Notice {
  what: string;
  advice: string;
}

/** What a trial lacks of what the page would show, and what to do about each. */
export function lacks(head: TrialHead, set: MarkerSet | null): Notice[] {
  const found: Notice[] = [];
  if (!head.hasTrajectories) {
    found.push({ what: 'This trial has no marker positions yet, so there is no picture.',
                 advice: 'Run medius reconstruct (or medius import) on it first.' });
  }
  if (head.angles.length === 0) {
    found.push({ what: 'This trial was never analyzed: there are no angles, no strides, no pelvis number.',
                 advice: 'Run medius analyze TRIAL.h5 --static STATIC.h5 --markers SET -o TRIAL.h5.' });
  }
  if (head.hasTrajectories && !set) {
    found.push({ what: 'This trial does not say which marker set it was made with: no links, bones or pelvis line.',
                 advice: 'Run medius analyze on it again; it keeps the set that --markers names.' });
  }
  if (head.angles.length > 0 && head.strides.start.length === 0) {
    found.push({ what: 'No strides were found in this trial.', advice: 'See the warnings under About.' });
  }
  if (head.labFrame.startsWith('camera ')) {
    found.push({ what: `The lab frame is that of ${head.labFrame}, not of a floor: up is not up.`,
                 advice: 'Run medius calibrate floor and reconstruct again.' });
  }
  return found;
}

/** Messages at the top of the page; each can be put away. */
export class Notices {
  readonly element = h('div', { class: 'notices', role: 'status', 'aria-live': 'polite' });

  show(notice: Notice, kind: 'note' | 'refusal' = 'note', details: string[] = []): void {
    const said = `${notice.what} ${notice.advice}`;
    if ([...this.element.children].some((child) => (child as HTMLElement).dataset.said === said)) return;
    const box: HTMLElement = h('div', { class: `notice ${kind}`, 'data-said': said },
      h('div', {}, h('strong', {}, notice.what), ' ', notice.advice,
        details.length > 0 ? h('ul', {}, ...details.map((detail) => h('li', {}, detail))) : null),
      h('button', { class: 'plain', 'aria-label': 'Put this message away', onclick: () => box.remove() }, '\u00d7'));
    this.element.append(box);
  }
  clear(): void {
    this.element.replaceChildren();
  }
}
