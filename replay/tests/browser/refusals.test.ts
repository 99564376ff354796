// Two trials together, files that cannot be shown, and files that mean harm.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeClean, launchBrowser, openPage, redrawn, Replay, screenshot, settled, stateOf, type Opened } from './session';
import { medius, trial, TRIALS } from './trials';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

describe('two trials', () => {
  test('of one method stand side by side, or one as the ghost of the other, at the same percent of the stride', async () => {
    const replay = await Replay.start(trial('run'), trial('second'));
    const opened = await openPage(browser, replay.url);
    const { page } = opened;
    await page.keyboard.press('.');
    await page.keyboard.press('Shift+ArrowRight');
    await redrawn(page);
    await expect.poll(async () => (await stateOf(page)).beside, { timeout: 20_000 })
      .toMatch(/second\.trial\.h5, right stride \d+ at \d+ %/);
    let state = await stateOf(page);
    expect(state.compare).toBe('Side by side');
    // The second trial is a copy of the first: at the same percent of the same stride stands the same angle.
    expect(Number(await page.getAttribute('#beside', 'data-value'))).toBeCloseTo(state.number, 9);
    await screenshot(page, 'two-side-by-side');
    await page.keyboard.press('g');
    await redrawn(page);
    state = await stateOf(page);
    expect(state.compare).toBe('Ghost');
    expect(state.beside).toContain('Ghost: second.trial.h5');
    await screenshot(page, 'two-ghost');
    await page.keyboard.press('g');
    await redrawn(page);
    expect((await stateOf(page)).beside).toBe('');
    await closeClean(opened);
    await replay.stop();
  });

  test('of two methods are not compared, and the page says what differs', async () => {
    const replay = await Replay.start(trial('run'), trial('other-method'));
    const opened = await openPage(browser, replay.url);
    const { page } = opened;
    const state = await stateOf(page);
    expect(state.notices.join()).toContain('not compared');
    expect(state.notices.join()).toMatch(/cutoff_hz: [\d.]+ here, 8(\.0)? in the other/);
    expect(state.compare).not.toBe('Ghost');
    await page.keyboard.press('g');
    await redrawn(page);
    expect((await stateOf(page)).beside).toBe('');
    await screenshot(page, 'two-methods-refused');
    await closeClean(opened);
    await replay.stop();
  });
});

describe('a file that cannot be shown', () => {
  // Through the page's own file dialog: the program would have refused most of them.
  async function choose(name: string): Promise<Opened> {
    const empty = join(TRIALS, 'page.html');
    medius('replay', trial('static'), '--export', empty);
    const opened = await openPage(browser, `file://${empty}`);
    await opened.page.evaluate(() => (document.documentElement.dataset.state = 'opening'));
    await opened.page.setInputFiles('#file', trial(name));
    await settled(opened.page);
    return opened;
  }

  test.each([
    ['truncated', /cut short or damaged.*Copy it again/],
    ['text', /it is not HDF5.*medius import/],
    ['empty', /is empty.*Copy it again/],
    ['other-hdf5', /no Medius trial.*Open a \.trial\.h5/],
  ])('%s: the page says so and what to do', async (name, words) => {
    const opened = await choose(name);
    const said = await opened.page.textContent('#failure');
    expect(said).toMatch(words);
    expect(said).toContain(`${name}.trial.h5`);
    await screenshot(opened.page, `bad-${name}`);
    await closeClean(opened);
  });

  test.each([
    ['never-analyzed', /never analyzed.*medius analyze/],
    ['no-marker-set', /does not say which marker set.*medius analyze/],
  ])('%s: the page shows what there is and says what lacks', async (name, words) => {
    const opened = await choose(name);
    expect((await stateOf(opened.page)).notices.join()).toMatch(words);
    for (const key of ['.', 'Space', 'm', 'm', 't', 't', 't', 'l', 'v', 'g', 'n']) {
      await opened.page.keyboard.press(key);
      await redrawn(opened.page);
    }
    expect((await stateOf(opened.page)).pictures).toBeGreaterThan(0);
    await screenshot(opened.page, `lacks-${name}`);
    await closeClean(opened);
  });

  test('a server that is gone is named, and the page goes on', async () => {
    const replay = await Replay.start(trial('run'));
    const opened = await openPage(browser, replay.url);
    await replay.stop();
    await opened.page.keyboard.press('r'); // sightings were not read yet
    await opened.page.waitForSelector('.notice.refusal');
    expect((await stateOf(opened.page)).notices.join()).toContain('start it again');
    await opened.page.keyboard.press('ArrowRight');
    await redrawn(opened.page);
    expect((await stateOf(opened.page)).frame).toBe(1);
    await opened.context.close();
  });
});

describe('a trial whose names are HTML', () => {
  test('runs none of it, served or exported', async () => {
    copyFileSync(trial('html'), join(TRIALS, '<img src=x onerror=alert(3)>.trial.h5'));
    const evil = join(TRIALS, '<img src=x onerror=alert(3)>.trial.h5');
    const file = join(TRIALS, 'html.html');
    medius('replay', evil, '--export', file);
    const replay = await Replay.start(evil);
    for (const url of [replay.url, `file://${file}`]) {
      const opened = await openPage(browser, url);
      const { page } = opened;
      await page.keyboard.press('n');
      for (let i = 0; i < 3; ++i) {
        await page.keyboard.press('t');
        await redrawn(page);
      }
      expect(await page.textContent('h1')).toContain('<img src=x onerror');
      expect(await page.textContent('.labels')).toContain('<script>');
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.locator('#app script').count()).toBe(0);
      await screenshot(page, 'html-names');
      await closeClean(opened);
    }
    await replay.stop();
  });
});
