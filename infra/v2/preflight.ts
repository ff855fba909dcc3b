// `npm run preflight [-- <v2 URL>]`: is v2 ready to be captured, and would capture leave it in peace? Reads only. Exit code 1
// when something must be done first. Any role of v2 may ask; without a URL the local stack's v2 is looked at.
import { Client } from 'pg';
import { z } from 'zod';
import { pipelines, publishedTables } from '../../pipelines/index.ts';
import { captureNames } from '../local/capture.ts';
import { replicationRole } from '../local/databases.ts';
import { readEndpoints } from '../local/endpoints.ts';
import { readLocalSettings } from '../local/settings.ts';
import { declaredKeys } from './declared-keys.ts';
import { judge } from './findings.ts';
import type { Severity } from './findings.ts';
import { inspectV2 } from './inspect.ts';

const settings = z
  .object({
    MKONDO_V2_URL: z.string().optional().describe('PostgreSQL URL of v2'),
    MKONDO_V2_ROLE: z.string().min(1).default(replicationRole).describe("Debezium's role"),
    MKONDO_V2_PUBLICATION: z.string().min(1).default(captureNames.publication),
    MKONDO_V2_SLOT: z.string().min(1).default(captureNames.slot),
  })
  .parse(process.env);

const names = {
  role: settings.MKONDO_V2_ROLE,
  publication: settings.MKONDO_V2_PUBLICATION,
  slot: settings.MKONDO_V2_SLOT,
};
const marks: Readonly<Record<Severity, string>> = { ok: 'ok    ', warn: 'WARN  ', refuse: 'REFUSE' };

const client = new Client({ connectionString: process.argv[2] ?? settings.MKONDO_V2_URL ?? (await localV2()) });
await client.connect();
try {
  const facts = await inspectV2(client, { tables: publishedTables, ...names });
  const findings = judge(facts, { names, declaredKeys: declaredKeys(pipelines) });
  for (const { severity, what, advice } of findings) {
    console.log(`${marks[severity]}  ${what}`);
    if (advice !== undefined) console.log(advice.replaceAll(/^/gm, '          '));
  }
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  console.log(`\n${count('refuse')} refused, ${count('warn')} to look at, ${count('ok')} in order`);
  process.exitCode = count('refuse') > 0 ? 1 : 0;
} finally {
  await client.end();
}

async function localV2(): Promise<string> {
  const { stateDir } = readLocalSettings(process.env);
  return (await readEndpoints(stateDir)).v2;
}
