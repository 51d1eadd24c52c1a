// Bundles src/ into dist/, so that commands start fast.
import { join } from 'node:path';
import { bundle } from './bundle.mjs';

await bundle(
  {
    cluster: 'src/cli/cluster/main.ts',
    network: 'src/network/main.ts',
    'store-worker': 'src/apiserver/store/sqlite-worker.ts',
    // Last: bin/argosy takes its time for that of the whole.
    argosy: 'src/cli/main.ts',
  },
  join(import.meta.dirname, '..', 'dist'),
);
