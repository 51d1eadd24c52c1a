// One bundle of some entry points: loading some 300 source files takes longer than what most commands do.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

export async function bundle(entryPoints, outdir) {
  rmSync(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints,
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
}
