import { clockText, SPEEDS, type Player } from '../run/time_line';
import type { TrialHead } from '../trial/model';
import { h, setText } from './dom';
import { keyHint, type Action } from './keys';
import { TimeBar } from './time_bar';

/** The buttons and the bar of time below the picture. */
export class Transport {
  readonly bar: TimeBar;
  readonly element: HTMLElement;
  private readonly play: HTMLButtonElement;
  private readonly loop: HTMLButtonElement;
  private readonly side: HTMLButtonElement;
  private readonly speed: HTMLSelectElement;
  private readonly clock = h('output', { id: 'clock', class: 'clock' });
  private readonly frame = h('output', { id: 'frame', class: 'clock soft' });

  constructor(head: TrialHead, private readonly player: Player, act: (action: Action) => void,
              onSeek: (t: number) => void, private readonly onSpeed: () => void) {
    this.bar = new TimeBar(head, onSeek);
    const button = (action: Action, text: string, label: string) => h('button', {
      'data-action': action, 'aria-label': label, title: `${label} (${keyHint(action)})`, onclick: () => act(action),
    }, text);
    this.play = button('play', '\u25b6', 'Play');
    this.loop = button('loop', 'Repeat', 'Repeat this stride');
    this.side = button('side', 'Right leg', 'Strides of the left or the right leg');
    this.speed = h('select', { id: 'speed', 'aria-label': 'Speed', title: 'Speed ([ slower, ] faster)',
                               onchange: () => this.chooseSpeed() },
                   ...SPEEDS.map((s) => h('option', { value: s, selected: s === 1 }, `${s}\u00d7`)));
    this.element = h('section', { class: 'transport', 'aria-label': 'Time' },
      h('div', { class: 'buttons' },
        button('previous-stride', '\u00ab stride', 'The stride before'), button('back', '\u2039', 'One frame back'), this.play,
        button('forward', '\u203a', 'One frame on'), button('next-stride', 'stride \u00bb', 'The next stride'),
        this.speed, this.loop, this.side, this.clock, this.frame),
      this.bar.element);
  }

  private chooseSpeed(): void {
    this.player.speed = Number(this.speed.value);
    this.speed.blur(); // so that keys go to the picture again
    this.onSpeed();
  }

  show(stride: string, sideName: string): void {
    const { player } = this;
    setText(this.play, player.playing ? '\u23f8' : '\u25b6');
    this.play.setAttribute('aria-label', player.playing ? 'Pause' : 'Play');
    this.loop.setAttribute('aria-pressed', String(player.loop !== null));
    setText(this.side, `${sideName} leg`);
    this.speed.value = String(player.speed);
    setText(this.clock, clockText(player.t));
    setText(this.frame, `frame ${player.frame}${stride ? ` \u00b7 ${stride}` : ''}`);
    this.bar.showTime(player.t);
  }
}
