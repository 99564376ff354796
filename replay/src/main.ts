import 'uplot/dist/uPlot.min.css';
import './style.css';
import { App } from './page/app';
import { h, replaceChildren } from './page/dom';
import { Notices } from './page/notices';
import { OpenTrial } from './page/open_trial';
import { findTrials, type NamedPlace } from './page/places';
import { sceneColours } from './scene/colours';
import { TrialClient } from './trial/client';
import { TrialError } from './trial/model';

const MOST_TRIALS = 2;
const root = document.getElementById('app') as HTMLElement;
let app: App | null = null;

const picker = h('input', { type: 'file', accept: '.h5,.hdf5', multiple: true, hidden: true, id: 'file',
                            onchange: () => void openFiles([...(picker.files ?? [])]) });
document.body.append(picker);

function state(name: 'opening' | 'ready' | 'failed' | 'empty'): void {
  document.documentElement.dataset.state = name;
}

async function openFiles(files: File[]): Promise<void> {
  if (files.length > 0) await open(files.slice(0, MOST_TRIALS).map((file) => ({ name: file.name, place: { file } })));
  picker.value = '';
}

async function open(places: NamedPlace[]): Promise<void> {
  const begin = performance.now();
  state('opening');
  app?.close();
  app = null;
  replaceChildren(root, h('p', { class: 'opening', role: 'status' }, `Opening ${places.map((p) => p.name).join(' and ')}\u2026`));
  try {
    const clients = await Promise.all(places.map(({ name, place }) => TrialClient.open(place, name).catch((error) => {
      throw error instanceof TrialError ? new TrialError(`${name}: ${error.message}`, error.advice) : error;
    })));
    requireWebGl();
    const notices = new Notices();
    app = new App(clients.map((client) => new OpenTrial(client, sceneColours())), notices, () => picker.click());
    document.title = `${places.map((p) => p.name).join(' and ')} \u2013 Medius replay`;
    replaceChildren(root, app.element);
    await app.start();
    document.documentElement.dataset.openedMs = String(Math.round(performance.now() - begin));
    state('ready');
  } catch (error) {
    showFailure(error as Error);
  }
}

function requireWebGl(): void {
  if (document.createElement('canvas').getContext('webgl2')) return;
  throw new TrialError('This browser cannot draw in 3D (WebGL 2 is off or missing).',
                       'Turn hardware acceleration on in its settings, or use a current Chrome, Edge, Firefox or Safari.');
}

function welcome(...above: HTMLElement[]): void {
  replaceChildren(root, h('main', { class: 'welcome' }, h('h1', {}, 'Medius replay'), ...above,
    h('p', {}, 'Open a trial (.trial.h5), or drop it on this page. It is read by this browser alone and goes nowhere.'),
    h('button', { class: 'primary', onclick: () => picker.click() }, 'Open a trial')));
}

function showFailure(error: Error): void {
  const advice = error instanceof TrialError ? error.advice : 'Reload the page; medius info says what is whole.';
  welcome(h('div', { class: 'notice refusal', role: 'alert', id: 'failure' },
            h('div', {}, h('strong', {}, error.message), ' ', advice)));
  state('failed');
}

document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  void openFiles([...(event.dataTransfer?.files ?? [])]);
});

async function start(): Promise<void> {
  try {
    const places = await findTrials();
    if (places.length > 0) return await open(places.slice(0, MOST_TRIALS));
    welcome();
    state('empty');
  } catch (error) {
    showFailure(error as Error);
  }
}
void start();
