import { describe, expect, test } from 'vitest';
import { BlockCache } from '../../src/trial/block_cache';
import { CachedBytes } from '../../src/trial/byte_source';
import { actionOf, KEYS } from '../../src/page/keys';
import { fileWord } from '../../src/page/save';
import { fromBase64 } from '../../src/page/places';
import { webm } from '../../src/page/webm';

describe('cached bytes', () => {
  const file = Uint8Array.from({ length: 100 }, (_, i) => i);

  test('are those of the file across blocks, and each block comes once', () => {
    const asked: number[][] = [];
    const bytes = new CachedBytes(100, (begin, end) => {
      asked.push([begin, end]);
      return file.slice(begin, end);
    }, 16, 4);
    const to = new Uint8Array(60);
    bytes.read(10, 40, to, 5);
    expect([...to.slice(5, 45)]).toEqual([...file.slice(10, 50)]);
    bytes.read(12, 2, to, 0);
    expect(asked).toEqual([[0, 16], [16, 32], [32, 48], [48, 64]]);
    bytes.read(96, 4, to, 0); // the last block is short
    expect([...to.slice(0, 4)]).toEqual([96, 97, 98, 99]);
  });
  test('hold no more blocks than they may', () => {
    let fetched = 0;
    const bytes = new CachedBytes(64, (begin, end) => {
      ++fetched;
      return file.slice(begin, end);
    }, 16, 2);
    const to = new Uint8Array(1);
    for (const at of [0, 16, 0, 32, 0, 16]) bytes.read(at, 1, to, 0);
    expect(fetched).toBe(4); // 0, 16, 32, and 16 again, since 0 was used later
  });
  test('that come short are an error, not zeros', () => {
    const bytes = new CachedBytes(32, () => new Uint8Array(3), 16);
    expect(() => bytes.read(0, 8, new Uint8Array(8), 0)).toThrow('did not come');
  });
});

describe('blocks of frames', () => {
  test('come once, and the next ones are asked for ahead', async () => {
    const asked: number[] = [];
    const cache = new BlockCache(1000, 256, async (begin, end) => {
      asked.push(begin);
      return { begin, end };
    });
    expect(cache.peek(10)).toBeNull();
    expect((await cache.get(10)).end).toBe(256);
    expect(cache.peek(255)?.begin).toBe(0);
    expect((await cache.get(999)).end).toBe(1000);
    expect(asked).toEqual([0, 256, 512, 768]);
  });
  test('that cannot be read leave their error', async () => {
    const cache = new BlockCache(10, 5, () => Promise.reject(new Error('gone')));
    expect(cache.peek(0)).toBeNull();
    await new Promise((done) => setTimeout(done, 0));
    expect(cache.failure?.message).toBe('gone');
  });
});

describe('keys', () => {
  const press = (key: string, more = {}) => ({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...more });
  test('mean one thing each', () => {
    const all = KEYS.flatMap((entry) => [...entry.keys]);
    expect(new Set(all).size).toBe(all.length);
  });
  test('leave the browser its own, and a control what it needs', () => {
    expect(actionOf(press('p', { ctrlKey: true }), null)).toBeNull();
    expect(actionOf(press(' '), { tagName: 'BUTTON' })).toBeNull();
    expect(actionOf(press('ArrowLeft'), { tagName: 'SELECT' })).toBeNull();
    expect(actionOf(press('ArrowLeft', { shiftKey: true }), null)).toBe('back10');
    expect(actionOf(press('?', { shiftKey: true }), null)).toBe('help');
  });
});

describe('files', () => {
  test('base64 of every remainder comes back', () => {
    for (const length of [0, 1, 2, 3, 4, 1000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37) & 255);
      expect([...fromBase64(Buffer.from(bytes).toString('base64'))]).toEqual([...bytes]);
    }
    expect(() => fromBase64('abc')).toThrow();
  });
  test('names hold nothing that a file system minds', () => {
    expect(fileWord('../../etc/pass wd.trial.h5')).toBe('etc-pass-wd');
    expect(fileWord('<>')).toBe('trial');
  });
  test('a clip begins as WebM, with a cluster at each key picture', () => {
    const picture = (milliseconds: number, isKey: boolean) => ({ milliseconds, isKey, bytes: Uint8Array.of(1, 2, 3) });
    const bytes = Buffer.from(webm([picture(0, true), picture(20, false), picture(40, true)], 640, 480, 60));
    expect(bytes.subarray(0, 4).toString('hex')).toBe('1a45dfa3');
    expect(bytes.toString('latin1')).toContain('V_VP8');
    const cluster = Buffer.from('1f43b675', 'hex');
    let count = 0;
    for (let at = bytes.indexOf(cluster); at >= 0; at = bytes.indexOf(cluster, at + 1)) ++count;
    expect(count).toBe(2);
  });
});
