import { defineConfig, type Plugin } from 'vite';
import { renameSync } from 'node:fs';
import { resolve } from 'node:path';

// Two builds of the same page. The first is what the server serves: scripts of its own, so that its content policy
// can forbid all others. The second (--mode single) is one HTML file with everything inside, which opens from a disk.
const site = process.env.MEDIUS_REPLAY_SITE ?? resolve(__dirname, '../build/release/replay/site');

// In a single file the page may run what is inside it and reach nothing else.
const singlePolicy =
  "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob: data:; worker-src blob: data:; " +
  "style-src 'unsafe-inline'; img-src blob: data:; media-src blob:; base-uri 'none'; form-action 'none'";

// The worker comes from a file of its own, or as text inside the page.
function trialWorker(inline: boolean): Plugin {
  return {
    name: 'medius-trial-worker',
    enforce: 'pre',
    resolveId(source, importer) {
      if (source !== 'medius:trial-worker') return null;
      const query = inline ? '?worker&inline' : '?worker';
      return this.resolve(resolve(__dirname, 'src/trial/worker.ts') + query, importer, { skipSelf: true });
    },
  };
}

// Puts the built script and style into the page. A function replaces, so that no `$&` in a script means anything.
function singleFile(): Plugin {
  return {
    name: 'medius-single-file',
    enforce: 'post',
    generateBundle(_, bundle) {
      const page = bundle['index.html'];
      if (page?.type !== 'asset') throw new Error('the page was not built');
      let html = String(page.source);
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type === 'chunk') {
          const code = file.code.replace(/<\/script/gi, '<\\/script');
          html = html.replace(/<script type="module"[^>]*src="[^"]*"[^>]*><\/script>/, '');
          html = html.replace('</body>', () => `<script type="module">${code}</script>\n</body>`);
          delete bundle[name];
        } else if (name.endsWith('.css')) {
          const style = String(file.source);
          html = html.replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${style}</style>`);
          delete bundle[name];
        }
      }
      const policy = `<meta http-equiv="Content-Security-Policy" content="${singlePolicy}">`;
      page.source = html.replace('<meta charset="utf-8">', (found) => `${found}\n${policy}`);
    },
    writeBundle(options) {
      renameSync(resolve(options.dir ?? site, 'index.html'), resolve(site, 'single.html'));
    },
  };
}

export default defineConfig(({ mode }) => {
  const single = mode === 'single';
  return {
    root: __dirname,
    base: './',
    plugins: [trialWorker(single), ...(single ? [singleFile()] : [])],
    worker: { format: single ? 'iife' : 'es' },
    logLevel: 'warn',
    build: {
      target: 'es2022',
      outDir: single ? resolve(site, '../single') : site,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 8192,
      reportCompressedSize: false,
    },
  };
});
