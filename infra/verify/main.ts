// `npm run verify`: compares v3 with v2 and says what differs. Exit code 1 when anything does.
//   --wait <seconds>   first wait, so long at most, until all that v2 has committed is applied; then look again at what
//                      differs while the time lasts
//   --pipeline <name>  that one only; may be given several times
//   --json             the whole report as JSON
//   --v2-url, --v3-url instead of the local stack's (then nothing is waited for but the differences)
import { parseArgs } from 'node:util';
import { MkondoError } from '../../model/errors.ts';
import { describeFailure } from '../../model/exit-clearly.ts';
import { pipelineNamed, pipelines } from '../../pipelines/index.ts';
import { loadTransformation, promotedChange } from '../../activities/transformation.ts';
import type { Pipeline } from '../../pipelines/definition.ts';
import { withClient } from '../local/databases.ts';
import { captureNames } from '../local/capture.ts';
import { readEndpoints } from '../local/endpoints.ts';
import { readLocalSettings } from '../local/settings.ts';
import { reportText } from './report.ts';
import { waitUntilSettled } from './settled.ts';
import { verify } from '../../verification/v2/verify.ts';

try {
  process.exitCode = await main();
} catch (error) {
  console.error(describeFailure(error));
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      wait: { type: 'string', default: '0' },
      pipeline: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      'v2-url': { type: 'string' },
      'v3-url': { type: 'string' },
    },
  });
  const say = values.json ? () => undefined : (line: string): void => console.error(line);
  const patienceMs = Number(values.wait) * 1000;
  if (!Number.isFinite(patienceMs) || patienceMs < 0) {
    throw new MkondoError('REQUEST_INVALID', `--wait ${values.wait} is no number of seconds.`, {
      advice: 'Give seconds, such as --wait 60.',
    });
  }
  const deadline = Date.now() + patienceMs;
  const { v2Url, v3Url, kafka } = await whereToLook({ v2Url: values['v2-url'], v3Url: values['v3-url'] });
  if (patienceMs > 0 && kafka !== undefined) {
    say(`waiting until all is applied, ${values.wait} s at most ...`);
    const rest = await waitUntilSettled({
      v2Url,
      v3Url,
      kafka,
      topicPrefix: captureNames.topicPrefix,
      slot: captureNames.slot,
      waitMs: patienceMs,
    });
    for (const line of rest) say(`  still on its way: ${line}`);
  }
  const deployed = values.pipeline === undefined ? pipelines : values.pipeline.map(pipelineNamed);
  // As v3 has them: with the changes that were promoted.
  const chosen = await withClient(v3Url, async (client) => {
    const promoted: Pipeline[] = [];
    for (const each of deployed)
      promoted.push((await loadTransformation(each, await promotedChange(client, each.name))).pipeline);
    return promoted;
  });
  const report = await verify({
    v2Url,
    v3Url,
    pipelines: chosen,
    patienceMs: Math.max(0, deadline - Date.now()),
    log: say,
  });
  console.log(values.json ? JSON.stringify(report, null, 2) : reportText(report));
  return report.differences === 0 ? 0 : 1;
}

async function whereToLook(given: {
  readonly v2Url: string | undefined;
  readonly v3Url: string | undefined;
}): Promise<{ readonly v2Url: string; readonly v3Url: string; readonly kafka?: string }> {
  if (given.v2Url !== undefined && given.v3Url !== undefined) return { v2Url: given.v2Url, v3Url: given.v3Url };
  const { stateDir } = readLocalSettings(process.env);
  try {
    const { v2, v3, kafka } = await readEndpoints(stateDir);
    return { v2Url: given.v2Url ?? v2, v3Url: given.v3Url ?? v3, kafka };
  } catch (cause) {
    throw new MkondoError('PART_MISSING', `No running system was found: ${stateDir}/endpoints.json cannot be read.`, {
      advice: 'Run `npm start` first, or give --v2-url and --v3-url.',
      cause,
    });
  }
}
