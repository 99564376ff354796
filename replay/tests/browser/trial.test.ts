// A trial as medius replay shows it: the picture, the number beside the pelvis, time, keys, what is saved.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Download, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeClean, countColours, launchBrowser, openPage, redrawn, Replay, screenshot, settled, shows, stateOf } from './session';
import { HAS_REAL, medius, trial, TRIALS } from './trials';

const LEFT: [number, number, number] = [0xd5, 0x5e, 0x00];
const RIGHT: [number, number, number] = [0x00, 0x72, 0xb2];
const BACKGROUND: [number, number, number] = [0xf6, 0xf7, 0xf9];
// Half of the last digit of the exported table.
const TABLE_ROUNDING = 1e-4;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** Column of a table that medius exports: what the page must agree with. */
function table(of: string, column: string): number[] {
  const file = join(TRIALS, `${of}.csv`);
  medius('export', trial(of), '--to', 'csv', '--table', 'kinematics', '-o', file);
  const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));
  const at = lines[0].split(',').indexOf(column);
  expect(at).toBeGreaterThan(0);
  return lines.slice(1).map((line) => (line.split(',')[at] === '' ? NaN : Number(line.split(',')[at])));
}

async function scrubTo(page: Page, share: number): Promise<void> {
  const box = (await page.locator('#time-bar').boundingBox())!;
  await page.mouse.click(box.x + share * box.width, box.y + box.height / 2);
}

/** The number equals the table and picture, number and cursor are of one frame, at several places of the run. */
async function checkAgreement(page: Page, of: string): Promise<void> {
  const angles = table(of, 'pelvis_obliquity_deg');
  const last = angles.length - 1;
  await page.waitForFunction(() => document.querySelector<HTMLElement>('.curves')?.dataset.drawn === 'run');
  let before: Buffer = Buffer.alloc(0);
  for (const share of [0.2, 0.5, 0.83]) {
    await scrubTo(page, share);
    await expect.poll(async () => Math.abs((await stateOf(page)).frame - share * last), { timeout: 20_000 })
      .toBeLessThan(0.01 * last + 1);
    await redrawn(page);
    const state = await stateOf(page);
    await shows(page, state.frame);
    if (Number.isNaN(angles[state.frame])) expect(state.number).toBeNaN();
    else expect(Math.abs(state.number - angles[state.frame])).toBeLessThan(TABLE_ROUNDING);
    const clock = await page.textContent('#clock');
    const cursor = await page.locator('.plot .now.middle').first().getAttribute('data-x');
    const [minutes, seconds] = clock!.split(':').map(Number);
    const begin = Number(await page.getAttribute('#time-bar', 'aria-valuemin'));
    expect(Math.abs(Number(cursor) - (60 * minutes + seconds))).toBeLessThan(0.002 + Math.abs(begin) * 1e-9);
    const picture = await page.locator('#picture').screenshot();
    expect(picture.equals(before)).toBe(false);
    before = picture;
  }
}

async function checkNotBlank(page: Page): Promise<void> {
  const counts = await countColours(browser, await page.locator('#picture').screenshot(), { left: LEFT, right: RIGHT });
  expect(counts.left).toBeGreaterThan(100);
  expect(counts.right).toBeGreaterThan(100);
}

describe('a demo trial', () => {
  let replay: Replay;
  beforeAll(async () => {
    replay = await Replay.start(trial('run'));
  });
  afterAll(async () => {
    expect(await replay.stop()).toBe(0); // Ctrl-C is how it is ended
  });

  test('opens with the frontal view, and its numbers agree with the table', async () => {
    const opened = await openPage(browser, replay.url);
    const { page } = opened;
    expect(await settled(page)).toBe('ready');
    expect((await stateOf(page)).view).toBe('Behind');
    await checkNotBlank(page);
    await checkAgreement(page, 'run');
    await screenshot(page, 'demo-whole-run');
    await closeClean(opened);
  });

  async function atKeyboard() {
    const opened = await openPage(browser, replay.url);
    const { page } = opened;
    const press = async (key: string) => {
      await page.keyboard.press(key);
      await redrawn(page);
      await redrawn(page);
      return stateOf(page);
    };
    return { opened, page, press };
  }

  test('keys go through time and strides', async () => {
    const { opened, page, press } = await atKeyboard();
    const last = Number(await page.getAttribute('#time-bar', 'aria-valuemax')) * 200;
    expect((await press('ArrowRight')).frame).toBe(1);
    expect((await press('Shift+ArrowRight')).frame).toBe(11);
    expect((await press('ArrowLeft')).frame).toBe(10);
    expect((await press('Shift+ArrowLeft')).frame).toBe(0);
    expect((await press('End')).frame).toBe(Math.round(last));
    expect((await press('Home')).frame).toBe(0);
    const first = (await press('.')).frame;
    const second = (await press('PageDown')).frame;
    expect(second).toBeGreaterThan(first);
    expect((await press(',')).frame).toBe(first);
    await press('.');
    expect((await press('PageUp')).frame).toBe(first);
    expect((await press('x')).side).toBe('Left leg');
    expect((await press('X')).side).toBe('Right leg');
    expect((await press('l')).loop).toBe(true);
    expect((await press('l')).loop).toBe(false);
    expect((await press('[')).speed).toBe(0.5);
    expect((await press(']')).speed).toBe(1);
    await closeClean(opened);
  });

  test('keys change the view', async () => {
    const { opened, page, press } = await atKeyboard();
    for (const [key, view] of [['2', 'Front'], ['3', 'Side'], ['4', 'Top'], ['5', 'Free'], ['1', 'Behind']]) {
      const picture = await page.locator('#picture').screenshot();
      expect((await press(key)).view).toBe(view);
      expect((await page.locator('#picture').screenshot()).equals(picture)).toBe(false);
      await screenshot(page, `demo-view-${view.toLowerCase()}`);
    }
    for (const key of ['a', 'd', 'w', 's', '+', '-']) {
      const picture = await page.locator('#picture').screenshot();
      expect((await press(key)).view).toBe('Free');
      expect((await page.locator('#picture').screenshot()).equals(picture)).toBe(false);
    }
    await closeClean(opened);
  });

  test('keys show and hide what is in the picture', async () => {
    const { opened, page, press } = await atKeyboard();
    await press('5');
    for (const [key, what] of [['k', 'Links'], ['b', 'Bones'], ['n', 'Names'], ['f', 'Floor'], ['c', 'Cameras'],
                               ['r', 'Rays'], ['e', 'Uncertainty']]) {
      const before = (await stateOf(page)).shown.split(',');
      const picture = await page.locator('#picture').screenshot();
      const after = (await press(key)).shown.split(',');
      expect(after.includes(what)).toBe(!before.includes(what));
      await redrawn(page);
      if (what !== 'Names') expect((await page.locator('#picture').screenshot()).equals(picture)).toBe(false);
    }
    await screenshot(page, 'demo-everything-shown');
    await closeClean(opened);
  });

  test('keys change curves, tabs and the second trial', async () => {
    const { opened, page, press } = await atKeyboard();
    expect((await press('m')).mode).toBe('One stride');
    expect((await press('m')).mode).toBe('All strides');
    expect((await press('M')).mode).toBe('Whole run');
    for (const tab of ['Drift', 'Strides', 'About', 'Curves']) {
      expect((await press('t')).tab).toBe(tab);
      await screenshot(page, `demo-tab-${tab.toLowerCase()}`);
    }
    expect((await press('g')).notices.join()).toContain('no second trial');
    await closeClean(opened);
  });

  test('keys open help and the file dialog', async () => {
    const { opened, page, press } = await atKeyboard();
    // Listened for from the start: the browser is told to report choosers, and that takes a moment.
    let choosers = 0;
    page.on('filechooser', () => ++choosers);
    expect((await press('?')).help).toBe(true);
    await screenshot(page, 'demo-keys');
    await page.keyboard.press('Escape');
    expect((await stateOf(page)).help).toBe(false);
    await page.keyboard.press('o');
    await expect.poll(() => choosers, { timeout: 20_000 }).toBe(1);
    await closeClean(opened);
  });

  test('keys play and pause', async () => {
    const { opened, page, press } = await atKeyboard();
    await press('[');
    expect((await press('Space')).playing).toBe(true);
    await page.waitForFunction((f) => Number(document.querySelector<HTMLElement>('#picture')?.dataset.frame) > f, 0);
    expect((await press('Space')).playing).toBe(false);
    await closeClean(opened);
  });

  test('curves are shown over one stride and over all of them', async () => {
    const opened = await openPage(browser, replay.url);
    const { page } = opened;
    await page.keyboard.press('.');
    for (const [mode, name] of [['stride', 'One stride'], ['all', 'All strides']]) {
      await page.click(`[data-mode="${mode}"]`);
      await page.waitForFunction((m) => document.querySelector<HTMLElement>('.curves')?.dataset.drawn === m, mode);
      await page.keyboard.press('ArrowRight');
      await redrawn(page);
      expect((await stateOf(page)).mode).toBe(name);
      const at = Number(await page.locator('.plot .now.right').first().getAttribute('data-x'));
      expect(at).toBeGreaterThan(0);
      expect(at).toBeLessThan(5);
      await screenshot(page, `demo-curves-${mode}`);
    }
    await closeClean(opened);
  });

  test('repeating a stride stays inside it', async () => {
    const opened = await openPage(browser, replay.url);
    const { page } = opened;
    await page.keyboard.press('.');
    await redrawn(page);
    const begin = (await stateOf(page)).frame;
    await page.keyboard.press('l');
    await page.keyboard.press('Space');
    const stride = await page.evaluate(() => document.querySelector('#frame')?.textContent);
    for (let i = 0; i < 8; ++i) {
      await page.waitForTimeout(150);
      const state = await stateOf(page);
      expect(state.frame).toBeGreaterThanOrEqual(begin - 1);
      expect(state.frame).toBeLessThan(begin + 250);
    }
    expect(await page.evaluate(() => document.querySelector('#frame')?.textContent?.split(',')[0].split('·')[1]))
      .toBe(stride!.split(',')[0].split('·')[1]);
    await closeClean(opened);
  });

  test('a click on a stride in the table goes to its start', async () => {
    const opened = await openPage(browser, replay.url);
    const { page } = opened;
    await page.click('role=tab[name="Strides"]');
    const rows = page.locator('#stride-table tbody tr');
    const starts = await rows.nth(5).locator('td').nth(1).textContent();
    await rows.nth(5).locator('button').click();
    await redrawn(page);
    expect(await page.textContent('#clock')).toBe(starts);
    expect(await rows.nth(5).getAttribute('aria-current')).not.toBeNull();
    await closeClean(opened);
  });

  test('pictures, plots and clips are saved', async () => {
    const opened = await openPage(browser, replay.url);
    const { page } = opened;
    const saved = async (act: () => Promise<unknown>): Promise<[Download, Buffer]> => {
      const [download] = await Promise.all([page.waitForEvent('download', { timeout: 80_000 }), act()]);
      return [download, readFileSync((await download.path())!)];
    };
    await page.keyboard.press('.');
    await redrawn(page);
    const [picture, png] = await saved(() => page.keyboard.press('p'));
    expect(picture.suggestedFilename()).toMatch(/^run-frame-\d+\.png$/);
    expect((await countColours(browser, png, { left: LEFT, right: RIGHT })).left).toBeGreaterThan(100);
    const [, svg] = await saved(() => page.click('text=SVG >> nth=0'));
    expect(svg.toString()).toMatch(/^<svg [\s\S]*Pelvis obliquity[\s\S]*<\/svg>\s*$/);
    const [, plot] = await saved(() => page.click('text=PNG >> nth=0'));
    expect(plot.subarray(1, 4).toString()).toBe('PNG');
    const [clip, webm] = await saved(() => page.keyboard.press('v'));
    expect(clip.suggestedFilename()).toMatch(/^run-right-stride-\d+\.webm$/);
    const video = await playsAs(webm);
    expect(video.width).toBeGreaterThan(400);
    // A stride of about 0.7 s in pictures of 20 ms, however long each took to draw.
    expect(video.duration).toBeGreaterThan(0.6);
    expect(video.duration).toBeLessThan(0.85);
    await closeClean(opened);
  });

  async function playsAs(webm: Buffer): Promise<{ width: number; duration: number }> {
    const page = await browser.newPage();
    const result = await page.evaluate((url) => new Promise<{ width: number; duration: number }>((done, failed) => {
      const video = document.createElement('video');
      video.onloadeddata = () => done({ width: video.videoWidth, duration: video.duration });
      video.onerror = () => failed(new Error(video.error?.message));
      video.src = url;
    }), `data:video/webm;base64,${webm.toString('base64')}`);
    await page.close();
    return result;
  }

  test('fits a tablet, the dark, and paper', async () => {
    for (const [name, options] of [['tablet', { width: 820, height: 1180 }], ['dark', { dark: true }]] as const) {
      const opened = await openPage(browser, replay.url, options);
      await opened.page.keyboard.press('.');
      await opened.page.waitForFunction(() => document.querySelector<HTMLElement>('.curves')?.dataset.drawn === 'run');
      await screenshot(opened.page, `demo-${name}`);
      const wide = await opened.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
      expect(wide).toBe(false);
      await closeClean(opened);
    }
  });

  test('is reached by keyboard, and every control has a name', async () => {
    const opened = await openPage(browser, replay.url);
    const { page } = opened;
    const nameless = await page.evaluate(() => [...document.querySelectorAll('button, select, input, [role="slider"]')]
      .filter((e) => !(e.getAttribute('aria-label') || e.textContent?.trim() || (e as HTMLInputElement).labels?.length ||
                       (e as HTMLElement).hidden)).map((e) => e.outerHTML));
    expect(nameless).toEqual([]);
    const reached = new Set<string>();
    for (let i = 0; i < 60; ++i) {
      await page.keyboard.press('Tab');
      reached.add(await page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent || ''));
    }
    for (const name of ['Behind', 'Bones', 'Whole run', 'Drift', 'time-bar', 'speed', 'Keys']) expect([...reached]).toContain(name);
    await closeClean(opened);
  });
});

describe('markers that were not measured', () => {
  test('look different: rings where filled, crosses where missing', async () => {
    const replay = await Replay.start(trial('gaps'));
    const opened = await openPage(browser, replay.url);
    const { page } = opened;
    for (const key of ['b', 'k', 'f', '+', '+', '+']) await page.keyboard.press(key);
    for (let i = 0; i < 9; ++i) await page.keyboard.press('Shift+ArrowRight');
    for (let i = 0; i < 9; ++i) await page.keyboard.press('ArrowRight');
    await shows(page, 99);
    const background = { background: BACKGROUND };
    const solid = await countColours(browser, await page.locator('#picture').screenshot(), background);
    await screenshot(page, 'gaps-before');
    await page.keyboard.press('ArrowRight');
    await shows(page, 100);
    const open = await countColours(browser, await page.locator('#picture').screenshot(), background);
    await screenshot(page, 'gaps');
    // 20 of 41 markers lose a third or more of their disc of about 9 pixels across.
    expect(open.background - solid.background).toBeGreaterThan(20 * 0.33 * 50);
    await closeClean(opened);
    await replay.stop();
  });
});

describe.skipIf(!HAS_REAL)('a recorded run', () => {
  test('opens, and its numbers agree with the table', async () => {
    const replay = await Replay.start(trial('real'));
    const opened = await openPage(browser, replay.url);
    await checkNotBlank(opened.page);
    await checkAgreement(opened.page, 'real');
    await screenshot(opened.page, 'real-run');
    await closeClean(opened);
    await replay.stop();
  });
});

describe('the exported file', () => {
  test('does the same from a disk with the network off', async () => {
    const file = join(TRIALS, 'replay.html');
    expect(medius('replay', trial('run'), '--export', file)).toContain('replay.html');
    const opened = await openPage(browser, `file://${file}`, { offline: true });
    expect(await settled(opened.page)).toBe('ready');
    await checkNotBlank(opened.page);
    await checkAgreement(opened.page, 'run');
    await opened.page.keyboard.press('r');
    await redrawn(opened.page);
    expect((await stateOf(opened.page)).notices.join()).toContain('There are no rays');
    expect(opened.requests.filter((url) => !/^(file|blob|data):/.test(url))).toEqual([]);
    await screenshot(opened.page, 'exported');
    await closeClean(opened);
  });
});
