import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// The same page as one script and one style sheet, which `dunwu site` puts into a file with the data: a browser lets a page that was opened
// from a disk load neither modules nor workers, nor fetch what lies beside it.
export default defineConfig({
  base: './',
  plugins: [svelte()],
  publicDir: false,
  resolve: { alias: { '#worker': '/src/source/worker-inside.ts' } },
  worker: { format: 'iife' },
  build: {
    target: 'es2022',
    outDir: 'dist/single',
    emptyOutDir: true,
    cssCodeSplit: false,
    assetsInlineLimit: 1 << 20,
    rollupOptions: {
      input: 'src/main.ts',
      output: { format: 'iife', inlineDynamicImports: true, entryFileNames: 'page.js', assetFileNames: 'page[extname]' },
    },
  },
});
