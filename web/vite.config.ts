import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// Paths are relative, so that the same files serve from `dunwu serve`, from any folder of a web server, and from a notebook.
// Names carry no hash: CI builds again and compares byte by byte, and the server sends an entity tag instead.
export default defineConfig({
  base: './',
  plugins: [svelte()],
  resolve: { alias: { '#worker': '/src/source/worker-beside.ts' } },
  worker: { format: 'es', rollupOptions: { output: { entryFileNames: '[name].js' } } },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    // What lies beside the page is part of the program as it is: the engine and the data are megabytes that need no second copy.
    copyPublicDir: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    rollupOptions: {
      output: {
        entryFileNames: 'page.js',
        chunkFileNames: '[name].js',
        assetFileNames: '[name][extname]',
      },
    },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:4180' } },
});
