// Bundles src/ into dist/, so that commands start fast: loading some 300 source files takes longer than what they do.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const outdir = join(root, 'dist');

rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: {
    cluster: 'src/cli/cluster/main.ts',
    network: 'src/network/main.ts',
    'store-worker': 'src/apiserver/store/sqlite-worker.ts',
    // Last: bin/argosy takes its time for that of the whole.
    argosy: 'src/cli/main.ts',
  },
  outdir,
  outExtension: { '.js': '.mjs' },
  // All files in one folder: sources find their neighbours by import.meta.dirname.
  chunkNames: 'chunk-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node26',
  sourcemap: 'linked',
  minifySyntax: true,
  minifyWhitespace: true,
  // Native parts are loaded from node_modules.
  external: ['@lydell/node-pty'],
  // CommonJS packages inside call require().
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  logLevel: 'warning',
});
cpSync(join(root, 'src/kube/schema/data'), join(outdir, 'schema-data'), { recursive: true });
