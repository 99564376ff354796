import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { PROGRAM, SCREENSHOTS } from './trials';

/** A real Chromium, drawing in software. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.MEDIUS_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless=new', '--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  });
}

/** `medius replay --no-open` as a user runs it. */
export class Replay {
  private constructor(private readonly process: ChildProcess, readonly url: string) {}

  static start(...trials: string[]): Promise<Replay> {
    const child = spawn(PROGRAM, ['replay', '--no-open', ...trials]);
    return new Promise((done, failed) => {
      let said = '';
      child.stdout.on('data', (data) => {
        said += String(data);
        const url = /^http:\S+/.exec(said);
        if (url && said.includes('\n')) done(new Replay(child, url[0]));
      });
      child.stderr.on('data', (data) => (said += String(data)));
      child.on('exit', () => failed(new Error(`medius replay ended: ${said}`)));
    });
  }

  /** Ends it as Ctrl-C does; its exit code. */
  stop(): Promise<number | null> {
    return new Promise((done) => {
      if (this.process.exitCode !== null) return done(this.process.exitCode);
      this.process.once('exit', (code) => done(code));
      this.process.kill('SIGINT');
    });
  }
}

/** A page, and everything that went wrong on it; without a URL nothing is opened on it yet. */
export interface Opened {
  page: Page;
  context: BrowserContext;
  problems: string[];
  requests: string[];
}

export async function openPage(browser: Browser, url: string | null, options: { width?: number; height?: number; dark?: boolean;
                               offline?: boolean } = {}): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 720 },
    colorScheme: options.dark ? 'dark' : 'light', acceptDownloads: true, offline: options.offline ?? false,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => requests.push(request.url()));
  if (url !== null) {
    await page.goto(url);
    await settled(page);
  }
  return { page, context, problems, requests };
}

/** Waits until the page has opened its trials or said why not. */
export async function settled(page: Page): Promise<string> {
  await page.waitForFunction(() => ['ready', 'failed', 'empty'].includes(document.documentElement.dataset.state ?? ''),
                             null, { timeout: 60_000 });
  return page.evaluate(() => document.documentElement.dataset.state ?? '');
}

/** Waits for the picture and the numbers of a frame. */
export async function shows(page: Page, frame: number): Promise<void> {
  await page.waitForFunction((wanted) => {
    const picture = document.querySelector<HTMLElement>('#picture')?.dataset.frame;
    const number = document.querySelector<HTMLElement>('#pelvis-number')?.dataset.frame;
    return picture === String(wanted) && number === String(wanted);
  }, frame, { timeout: 20_000 });
}

/** Waits until what was asked for stands on the screen: two pictures more, at the most. */
export async function redrawn(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))));
}

export async function screenshot(page: Page, name: string): Promise<Buffer> {
  await redrawn(page);
  return page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

/** How many pixels of the picture are near each colour, counted in the browser. */
export async function countColours(browser: Browser, png: Buffer, colours: Record<string, [number, number, number]>):
    Promise<Record<string, number>> {
  const page = await browser.newPage();
  try {
    return await page.evaluate(async ({ url, wanted }) => {
      const image = new Image();
      image.src = url;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = image.width;
      canvas.height = image.height;
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      const counts: Record<string, number> = {};
      for (const [name, [r, g, b]] of Object.entries(wanted)) {
        counts[name] = 0;
        for (let i = 0; i < data.length; i += 4) {
          if (Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 60) ++counts[name];
        }
      }
      return counts;
    }, { url: `data:image/png;base64,${png.toString('base64')}`, wanted: colours });
  } finally {
    await page.close();
  }
}

/** What a user could tell of the page's state. */
export function stateOf(page: Page) {
  return page.evaluate(() => {
    const text = (selector: string) => document.querySelector(selector)?.textContent ?? '';
    const data = (selector: string, name: string) => document.querySelector<HTMLElement>(selector)?.dataset[name] ?? '';
    const pressed = (selector: string) =>
      [...document.querySelectorAll(selector)].filter((b) => b.getAttribute('aria-pressed') === 'true')
        .map((b) => b.textContent).join(',');
    return {
      frame: Number(data('#picture', 'frame')),
      pictures: Number(data('#picture', 'pictures')),
      number: Number(data('#pelvis-number', 'value')),
      words: text('#pelvis-words'),
      playing: document.querySelector('[data-action="play"]')?.getAttribute('aria-label') === 'Pause',
      speed: Number(document.querySelector<HTMLSelectElement>('#speed')?.value),
      view: pressed('[data-view]'),
      shown: pressed('[data-show]'),
      loop: document.querySelector('[data-action="loop"]')?.getAttribute('aria-pressed') === 'true',
      side: text('[data-action="side"]'),
      mode: pressed('[data-mode]'),
      tab: document.querySelector('[role="tab"][aria-selected="true"]')?.textContent ?? '',
      help: document.querySelector<HTMLDialogElement>('#help')?.open ?? false,
      compare: text('#compare'),
      notices: [...document.querySelectorAll('.notice')].map((n) => n.textContent ?? ''),
      beside: text('#beside'),
    };
  });
}

export async function closeClean(opened: Opened): Promise<void> {
  await opened.context.close();
  expect(opened.problems).toEqual([]);
}
