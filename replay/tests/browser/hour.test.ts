// A run of an hour (200 Hz, 41 markers): how long it takes to open and how fast it plays. Prints; asserts only that
// what is looked at is all that is read.
import { existsSync, statSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeClean, launchBrowser, openPage, redrawn, Replay, screenshot, stateOf } from './session';
import { alter, trial } from './trials';

const MINUTES = 60;
const PLAY_SECONDS = 5;

let browser: Browser;
beforeAll(async () => {
  const made = existsSync(trial('hour')) && statSync(trial('hour')).mtimeMs > statSync(trial('run')).mtimeMs;
  if (!made) await alter('hour', trial('run'), trial('hour'), String(MINUTES));
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test('an hour opens with what is looked at, and plays', async () => {
  const replay = await Replay.start(trial('hour'));
  const opened = await openPage(browser, null);
  const { page } = opened;
  let bytes = 0;
  page.on('response', (response) => {
    if (response.status() === 206) bytes += Number(response.headers()['content-length'] ?? 0);
  });
  const begin = Date.now();
  await page.goto(replay.url);
  await page.waitForFunction(() => document.documentElement.dataset.state === 'ready', null, { timeout: 60_000, polling: 20 });
  const opening = Date.now() - begin;
  const opened_ms = Number(await page.evaluate(() => document.documentElement.dataset.openedMs));
  const readToOpen = bytes;
  const size = statSync(trial('hour')).size;
  expect(readToOpen).toBeLessThan(0.1 * size);

  await page.waitForFunction(() => document.querySelector<HTMLElement>('.curves')?.dataset.drawn === 'run', null,
                             { timeout: 60_000 });
  const curves = Date.now() - begin;
  await page.keyboard.press('End');
  await page.waitForFunction(() => Number(document.querySelector<HTMLElement>('#picture')?.dataset.frame) > 700_000);
  await page.keyboard.press('Home');
  await redrawn(page);
  const before = await stateOf(page);
  await page.keyboard.press('Space');
  await page.waitForTimeout(1000 * PLAY_SECONDS);
  const after = await stateOf(page);
  await page.keyboard.press('Space');
  const fps = (after.pictures - before.pictures) / PLAY_SECONDS;
  expect(after.frame).toBeGreaterThan(before.frame);
  await screenshot(page, 'hour');
  const memory = await page.evaluate(() => (performance as unknown as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize ?? 0);
  console.log(`hour: ${(size / 1e6).toFixed(0)} MB, page ready after ${opening} ms (trial ${opened_ms} ms, ` +
              `${(readToOpen / 1e6).toFixed(1)} MB read), all curves after ${curves} ms, ${fps.toFixed(1)} pictures/s ` +
              `in software rendering at 670 x 570, page heap ${(memory / 1e6).toFixed(0)} MB`);
  await closeClean(opened);
  await replay.stop();
});
