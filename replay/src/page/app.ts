import { CurvePanel, MODES } from '../curves/panel';
import { DriftPanel } from '../curves/drift_panel';
import { methodDifferences } from '../run/method';
import { nextStride, percentOf, stanceSide, strideAt } from '../run/strides';
import { Player } from '../run/time_line';
import { pelvisWords, sideName, signed, title } from '../run/words';
import { ELLIPSOID_SCALE } from '../scene/runner';
import { VIEWS, type ViewName } from '../scene/stage';
import { LEFT, RIGHT, TrialError, type Side } from '../trial/model';
import { h, setText } from './dom';
import { actionOf, keyHint, type Action } from './keys';
import { HelpDialog } from './help';
import { lacks, Notices } from './notices';
import type { OpenTrial } from './open_trial';
import { degreesOf, Picture, type Compare, type PictureShown } from './picture';
import { Saving } from './saving';
import { aboutTrial, StrideList, summaryTable } from './tables';
import { Transport } from './transport';

const TABS = ['Curves', 'Drift', 'Strides', 'About'] as const;
type Tab = (typeof TABS)[number];

const TOGGLES: { what: keyof PictureShown; title: string }[] = [
  { what: 'skeleton', title: 'Bones' }, { what: 'links', title: 'Links' }, { what: 'names', title: 'Names' },
  { what: 'floor', title: 'Floor' }, { what: 'cameras', title: 'Cameras' }, { what: 'rays', title: 'Rays' },
  { what: 'ellipsoids', title: 'Uncertainty' },
];
const COMPARES: Compare[] = ['side', 'ghost', 'off'];
const MOST_STEP = 0.1; // seconds that one picture may skip, however long the browser slept

/** The page with its trials open. */
export class App {
  readonly element: HTMLElement;
  readonly picture = new Picture(() => (this.dirty = true));
  private readonly player: Player;
  private readonly transport: Transport;
  private readonly curves: CurvePanel;
  private readonly drift: DriftPanel;
  private readonly strideList: StrideList;
  private readonly saving: Saving;
  private readonly help = new HelpDialog();
  private readonly number = h('output', { id: 'pelvis-number', class: 'pelvis-number', 'aria-label': 'Pelvis obliquity' });
  private readonly words = h('p', { id: 'pelvis-words', class: 'pelvis-words' });
  private readonly besideWords = h('p', { id: 'beside', class: 'soft' });
  private readonly tabs = new Map<Tab, { button: HTMLButtonElement; panel: HTMLElement }>();
  private tab: Tab = 'Curves';
  private side: Side = RIGHT;
  private dirty = true;
  private last = 0;
  private pictures = 0;
  private isClosed = false;
  // Messages that come and go change sizes too, not only the window.
  private readonly sizes = new ResizeObserver(() => requestAnimationFrame(() => this.isClosed || this.onResize()));
  private readonly refusals: string[];

  constructor(private readonly trials: OpenTrial[], private readonly notices: Notices,
              private readonly openAnother: () => void) {
    const [first, second] = trials;
    this.refusals = second ? methodDifferences(first.head.method, second.head.method) : [];
    this.player = new Player(first.head.time);
    this.transport = new Transport(first.head, this.player, (action) => this.act(action), (t) => this.seek(t),
                                   () => (this.dirty = true));
    this.saving = new Saving(first.head, this.picture, (error) => this.fail(error));
    const save = this.saving.plot.bind(this.saving);
    this.curves = new CurvePanel(first.client, () => (this.compare === 'off' ? null : second.client), (t) => this.seek(t),
                                 save, (error) => this.fail(error), () => this.player.t);
    this.drift = new DriftPanel(first.head.strides, (t) => this.seek(t), save);
    this.strideList = new StrideList(first.head.strides, (stride) => this.goTo(stride));
    this.element = this.layout();
    this.picture.setTrials(trials);
    this.say();
  }

  private layout(): HTMLElement {
    const { head } = this.trials[0];
    const who = [head.subject && `subject ${head.subject}`, head.session && `session ${head.session}`, head.activity]
      .filter((text) => text).join(' \u00b7 ');
    return h('div', { class: 'app' },
      h('header', {}, h('h1', {}, head.trial || head.file), h('p', { class: 'soft' }, who), this.legend(), this.tools()),
      this.notices.element,
      h('main', {},
        h('section', { class: 'stage', 'aria-label': 'Picture' }, this.picture.element,
          h('div', { class: 'readout', 'aria-live': 'off' }, this.number, this.words, this.besideWords),
          this.viewButtons(), this.toggleButtons()),
        this.sidePanel()),
      this.transport.element, this.help.element);
  }

  private legend(): HTMLElement {
    return h('ul', { class: 'legend', 'aria-label': 'What lines and marks mean' },
      h('li', {}, h('i', { class: 'swatch left' }), 'left'), h('li', {}, h('i', { class: 'swatch right' }), 'right'),
      h('li', {}, '\u25cf measured'), h('li', {}, '\u25cb filled'), h('li', {}, '\u2715 missing'));
  }

  private tools(): HTMLElement {
    const button = (action: Action, text: string) => h('button', {
      'data-action': action, title: `${text} (${keyHint(action)})`, onclick: () => this.act(action),
    }, text);
    const compare = this.trials.length > 1
      ? h('button', { id: 'compare', 'data-action': 'compare', title: `Second trial (${keyHint('compare')})`,
                      onclick: () => this.act('compare') }, 'Compare') : null;
    return h('div', { class: 'tools' }, compare, button('save-picture', 'Picture'), button('save-clip', 'Clip'),
             button('open', 'Open\u2026'), button('help', 'Keys'));
  }

  private viewButtons(): HTMLElement {
    return h('div', { class: 'views', role: 'group', 'aria-label': 'View' }, ...VIEWS.map((view) => h('button', {
      'data-view': view.name, title: `${view.title} (${view.key})`, 'aria-pressed': view.name === 'behind',
      onclick: () => this.setView(view.name),
    }, view.title)));
  }

  private toggleButtons(): HTMLElement {
    return h('div', { class: 'toggles', role: 'group', 'aria-label': 'Shown in the picture' },
      ...TOGGLES.map(({ what, title: text }) => h('button', {
        'data-show': what, title: `${text} (${keyHint(`show-${what}` as Action)})`,
        'aria-pressed': this.picture.shown[what], onclick: () => this.toggle(what),
      }, text)));
  }

  private sidePanel(): HTMLElement {
    const { head } = this.trials[0];
    const strides = h('div', { class: 'strides' }, head.summary.length > 0 ? summaryTable(head) : null,
                      head.strides.start.length > 0 ? this.strideList.element : h('p', {}, 'No strides in this trial.'));
    const about = h('div', {}, ...this.trials.map((trial) => aboutTrial(trial.head)));
    const content: Record<Tab, HTMLElement> = { Curves: this.curves.element, Drift: this.drift.element, Strides: strides,
                                                About: about };
    for (const name of TABS) {
      const id = `panel-${name.toLowerCase()}`;
      const panel = h('div', { class: 'panel', role: 'tabpanel', id, 'aria-label': name, hidden: name !== this.tab },
                      content[name]);
      const button = h('button', { role: 'tab', 'aria-controls': id, 'aria-selected': name === this.tab,
                                   onclick: () => this.setTab(name) }, name);
      this.tabs.set(name, { button, panel });
    }
    const parts = [...this.tabs.values()];
    return h('section', { class: 'side', 'aria-label': 'Numbers' },
             h('div', { class: 'tabs', role: 'tablist' }, ...parts.map((part) => part.button)),
             ...parts.map((part) => part.panel));
  }

  /** Says what the trials lack, and why they are not compared where they are not. */
  private say(): void {
    this.trials.forEach((trial) => {
      for (const notice of lacks(trial.head, trial.set)) {
        const what = this.trials.length > 1 ? `${trial.head.file}: ${notice.what}` : notice.what;
        this.notices.show({ ...notice, what }, 'note');
      }
    });
    if (this.refusals.length > 0) {
      this.notices.show({ what: 'The two trials are not compared: their angles were not made in the same way.',
                          advice: 'Analyze both with the same options and marker set. What differs:' },
                        'refusal', this.refusals);
    }
    if (this.trials.length > 1 && this.refusals.length === 0) this.setCompare('side');
  }

  private get compare(): Compare {
    return this.picture.compare;
  }

  /** Starts drawing; resolves with the first picture on the screen. */
  start(): Promise<void> {
    document.addEventListener('keydown', this.onKey);
    this.sizes.observe(this.picture.element);
    this.sizes.observe(this.curves.element);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', this.onColours);
    this.onResize();
    return new Promise((done) => {
      const tick = (now: number) => {
        if (this.isClosed) return;
        if (this.tick(now)) done();
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    });
  }

  close(): void {
    this.isClosed = true;
    document.removeEventListener('keydown', this.onKey);
    this.sizes.disconnect();
    matchMedia('(prefers-color-scheme: dark)').removeEventListener('change', this.onColours);
    for (const trial of this.trials) trial.close();
    this.element.remove();
  }

  // Whether a picture stands on the screen.
  private tick(now: number): boolean {
    const elapsed = Math.min((now - this.last) / 1000, MOST_STEP);
    this.last = now;
    if (this.player.playing && !this.saving.isBusy) {
      this.player.advance(elapsed);
      this.dirty = true;
    }
    if (this.dirty && !this.saving.isBusy) this.dirty = !this.draw();
    return !this.dirty;
  }

  private draw(): boolean {
    const { player } = this;
    if (this.takeFailure()) return true;
    if (!this.picture.draw(player.frame, player.t, this.side)) return false;
    this.picture.canvas.dataset.pictures = String(++this.pictures);
    this.showNumbers();
    return true;
  }

  // Says what could not be read, and stops asking for it.
  private takeFailure(): boolean {
    const caches = this.trials.flatMap(({ client }) => [client.frames, client.sightings, client.covariance]);
    const failed = caches.find((cache) => cache.failure);
    if (!failed?.failure) return false;
    this.fail(failed.failure);
    for (const cache of caches) cache.failure = null;
    this.player.playing = false;
    if (this.picture.shown.rays) this.toggle('rays');
    if (this.picture.shown.ellipsoids) this.toggle('ellipsoids');
    this.dirty = false;
    return true;
  }

  private showNumbers(): void {
    const [first] = this.trials;
    const { frame, t } = this.player;
    const degrees = degreesOf(first, frame);
    const { strides } = first.head;
    const hasAngles = first.head.angles.length > 0;
    setText(this.number, hasAngles ? `${signed(degrees)}${Number.isFinite(degrees) ? '\u00b0' : ''}` : '');
    this.number.dataset.value = String(degrees);
    this.number.dataset.frame = String(frame);
    setText(this.words, hasAngles ? `Pelvis: ${pelvisWords(degrees, stanceSide(strides, t))}` : '');
    this.showBeside();
    const stride = strideAt(strides, this.side, t);
    const strideText = stride < 0 ? '' : `${sideName(this.side)} stride ${stride + 1}, ` +
      `${Math.floor(percentOf(strides, stride, t))} %${strides.accepted[stride] ? '' : ', not counted'}`;
    this.transport.show(strideText, title(sideName(this.side)));
    if (this.tab === 'Curves') this.curves.showTime(t, frame);
    if (this.tab === 'Drift') this.drift.showTime(t);
    if (this.tab === 'Strides') this.strideList.show(stride);
  }

  private showBeside(): void {
    const second = this.trials[1];
    const { beside } = this.picture;
    if (!second || this.compare === 'off') return setText(this.besideWords, '');
    if (!beside) return setText(this.besideWords, `${second.head.file}: no stride to set beside this moment`);
    const degrees = degreesOf(second, beside.frame);
    this.besideWords.dataset.value = String(degrees);
    setText(this.besideWords, `${this.compare === 'ghost' ? 'Ghost' : 'Right'}: ${second.head.file}, ` +
      `${sideName(this.side)} stride ${beside.stride + 1} at ${Math.floor(beside.percent)} %, ${signed(degrees)}\u00b0`);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (this.help.isOpen) return;
    const action = actionOf(event, document.activeElement);
    if (!action) return;
    event.preventDefault();
    this.act(action);
  };

  private readonly onResize = (): void => {
    this.picture.resize();
    this.transport.bar.draw();
    this.curves.resize();
    if (this.tab === 'Drift') this.drift.show();
    this.dirty = true;
  };

  private readonly onColours = (): void => {
    this.picture.recolour();
    this.curves.recolour();
    this.onResize();
  };

  private seek(t: number): void {
    this.player.seek(t);
    this.dirty = true;
  }

  private goTo(stride: number): void {
    const { strides } = this.trials[0].head;
    this.side = strides.side[stride] === 1 ? RIGHT : LEFT;
    if (this.player.loop) this.setLoop(stride);
    this.seek(strides.start[stride]);
  }

  private setLoop(stride: number): void {
    const { strides } = this.trials[0].head;
    this.player.loop = stride < 0 ? null : [strides.start[stride], strides.end[stride]];
    this.transport.bar.showLoop(this.player.loop);
  }

  act(action: Action): void {
    this.dirty = true;
    if (action.startsWith('view-')) return this.setView(action.slice(5) as ViewName);
    if (action.startsWith('show-')) return this.toggle(action.slice(5) as keyof PictureShown);
    const { player } = this;
    const { strides } = this.trials[0].head;
    const does: Partial<Record<Action, () => void>> = {
      play: () => this.playOrPause(),
      back: () => player.step(-1),
      forward: () => player.step(1),
      back10: () => player.step(-10),
      forward10: () => player.step(10),
      start: () => player.seek(player.begin),
      end: () => player.seek(player.end),
      'previous-stride': () => this.goToNext(-1),
      'next-stride': () => this.goToNext(1),
      loop: () => this.setLoop(player.loop ? -1 : strideAt(strides, this.side, player.t)),
      side: () => this.changeSide(),
      slower: () => player.changeSpeed(-1),
      faster: () => player.changeSpeed(1),
      'turn-left': () => this.turn(-1, 0),
      'turn-right': () => this.turn(1, 0),
      'turn-up': () => this.turn(0, 1),
      'turn-down': () => this.turn(0, -1),
      nearer: () => this.picture.stage.zoom(1.15),
      farther: () => this.picture.stage.zoom(1 / 1.15),
      compare: () => this.nextCompare(),
      'curve-mode': () => this.nextMode(),
      tab: () => this.setTab(TABS[(TABS.indexOf(this.tab) + 1) % TABS.length]),
      'save-picture': () => this.saving.picture(player.frame, player.t, this.side),
      'save-clip': () => this.saveClip(),
      open: () => this.openAnother(),
      help: () => this.help.show(),
    };
    does[action]?.();
  }

  private playOrPause(): void {
    const { player } = this;
    if (!player.playing && player.t >= player.end) player.seek(player.begin);
    player.playing = !player.playing;
  }

  private goToNext(direction: 1 | -1): void {
    const stride = nextStride(this.trials[0].head.strides, this.side, this.player.t, direction);
    if (stride >= 0) this.goTo(stride);
  }

  private changeSide(): void {
    this.side = this.side === LEFT ? RIGHT : LEFT;
    if (this.player.loop) this.setLoop(strideAt(this.trials[0].head.strides, this.side, this.player.t));
  }

  private setView(view: ViewName): void {
    this.picture.setView(view);
    this.markView();
  }
  private turn(horizontal: number, vertical: number): void {
    this.picture.stage.turn(horizontal, vertical);
    this.markView();
  }
  private markView(): void {
    for (const button of this.element.querySelectorAll<HTMLElement>('[data-view]')) {
      button.setAttribute('aria-pressed', String(button.dataset.view === this.picture.stage.currentView));
    }
    this.dirty = true;
  }

  private toggle(what: keyof PictureShown): void {
    const { head } = this.trials[0];
    if (what === 'rays' && !this.picture.shown.rays && (head.cameras.length === 0 || head.sightingCameras.length === 0)) {
      return this.notices.show({ what: 'There are no rays: this file does not hold which camera saw which marker.',
                                 advice: 'Open the reconstructed trial itself with medius replay; an exported page leaves the sightings out.' });
    }
    if (what === 'ellipsoids' && !this.picture.shown.ellipsoids) {
      this.notices.show({ what: `Each ellipsoid is ${ELLIPSOID_SCALE} standard deviations of a marker's position.`,
                          advice: 'Markers whose uncertainty is not known have none.' });
    }
    this.picture.shown[what] = !this.picture.shown[what];
    this.element.querySelector(`[data-show="${what}"]`)?.setAttribute('aria-pressed', String(this.picture.shown[what]));
    this.dirty = true;
  }

  private nextCompare(): void {
    if (this.trials.length < 2) {
      return this.notices.show({ what: 'There is no second trial.', advice: 'medius replay A.h5 B.h5 opens two.' });
    }
    if (this.refusals.length > 0) return this.say();
    this.setCompare(COMPARES[(COMPARES.indexOf(this.compare) + 1) % COMPARES.length]);
  }

  private setCompare(compare: Compare): void {
    this.picture.setCompare(compare);
    const button = this.element.querySelector('#compare');
    if (button) setText(button, { side: 'Side by side', ghost: 'Ghost', off: 'Compare: off' }[compare]);
    this.curves.refresh();
    this.dirty = true;
  }

  private nextMode(): void {
    const at = MODES.findIndex(({ mode }) => mode === this.curves.mode);
    this.curves.setMode(MODES[(at + 1) % MODES.length].mode);
  }

  private setTab(tab: Tab): void {
    this.tab = tab;
    for (const [name, { button, panel }] of this.tabs) {
      button.setAttribute('aria-selected', String(name === tab));
      panel.hidden = name !== tab;
    }
    if (tab === 'Drift') this.drift.show();
    if (tab === 'Curves') this.curves.resize();
    this.dirty = true;
  }

  private saveClip(): void {
    const { strides, time } = this.trials[0].head;
    const stride = strideAt(strides, this.side, this.player.t);
    if (stride < 0) {
      return this.notices.show({ what: 'There is no stride here to make a clip of.',
                                 advice: 'Go to one with , and . or in the list of strides.' });
    }
    this.saving.clip([strides.start[stride], strides.end[stride]], stride, this.player.speed, time, this.side)
      .then(() => (this.dirty = true), (error: Error) => this.fail(error));
  }

  private fail(error: Error): void {
    const advice = error instanceof TrialError ? error.advice : 'Reload the page; medius info says what is whole.';
    this.notices.show({ what: error.message.replace(/^./, (c) => c.toUpperCase()), advice }, 'refusal');
  }
}

