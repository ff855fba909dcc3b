// Preloaded into a worker (`node --import`): the same code but for one transformation, which now writes names in capitals.
import { registerHooks } from 'node:module';

const CHANGED = '/pipelines/steps/full-name.ts';

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(CHANGED)) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
    const changed = source.replace(".join(' ')", ".join(' ').toUpperCase()");
    if (changed === source) throw new Error(`${url} no longer reads as this test expects`);
    return { ...loaded, source: changed };
  },
});
