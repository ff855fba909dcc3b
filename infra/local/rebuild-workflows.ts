// `npm run rebuild-workflows`: as in production, but finds a local stack by itself. Settings that are given go first.
import { exitClearly } from '../../model/exit-clearly.ts';
import { readEndpoints } from './endpoints.ts';
import { readLocalSettings } from './settings.ts';

exitClearly();
const { stateDir } = readLocalSettings(process.env, process.argv.slice(2));
const local = await readEndpoints(stateDir).catch(() => null);
if (local !== null) {
  const found = { MKONDO_V3_URL: local.v3, MKONDO_TEMPORAL_ADDRESS: local.temporal, MKONDO_KAFKA_BROKERS: local.kafka };
  for (const [name, value] of Object.entries(found)) process.env[name] ??= value;
}
await import('../../workers/rebuild-workflows.ts');
