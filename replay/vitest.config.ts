import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    fileParallelism: false, // one browser at a time: the figures are of it alone
    projects: [
      { test: { name: 'unit', include: ['tests/unit/*.test.ts'] } },
      {
        test: {
          name: 'browser',
          include: ['tests/browser/*.test.ts'],
          globalSetup: ['tests/browser/trials.ts'],
          testTimeout: 180_000,
          hookTimeout: 240_000,
          retry: 1, // software rendering beside other tests is late now and then
        },
      },
    ],
  },
});
