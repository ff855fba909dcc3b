// `npm run test:chaos`: the whole system under a simulated eLMIS that uses every operation, while each of worker, bridge,
// Connect, Temporal, v3, Kafka and v2 is killed with SIGKILL again and again in the middle of its work. At the end v3 must be what v2
// says, row by row, and nothing may be left in quarantine that v3 could hold. Options: --minutes 10, --seed 1, --scale 1,
// --rate 4 (actions a second), --port-base (free ones by default), --keep (the system stays up until Ctrl-C).
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createSimulator } from '../../infra/demo/simulator.ts';
import type { Simulator } from '../../infra/demo/simulator.ts';
import { endpointsOf, writeEndpoints } from '../../infra/local/endpoints.ts';
import { describeExit } from '../../infra/local/parts/part.ts';
import type { Exit, Part } from '../../infra/local/parts/part.ts';
import { portsFrom } from '../../infra/local/ports.ts';
import { projectDir } from '../../infra/local/settings.ts';
import { reportText } from '../../infra/verify/report.ts';
import { startSystem } from '../e2e/running-system.ts';
import type { RunningSystem } from '../e2e/running-system.ts';
import { freePorts } from '../support/free-ports.ts';
import { killAndRestart, planKills } from './kills.ts';
import type { KillReport } from './kills.ts';
import { chaosText } from './report.ts';
import type { ChaosReport } from './report.ts';
import { faultsOf } from './verdict.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    scale: { type: 'string', default: '1' },
    rate: { type: 'string', default: '4' },
    'port-base': { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const durationMs = Number(values.minutes) * 60_000;
/** Twice each is asked for; a long run has room for more. */
const KILLS_EACH = Math.max(2, Math.floor(durationMs / 60_000 / 3));
const SETTLED_WITHIN_MS = 300_000;
const OPERATION_TRIES = 20;

const began = Date.now();
const faults: string[] = [];
const system = await startSystem({
  stateDir: '.run/chaos',
  ports: values['port-base'] === undefined ? await freePorts() : portsFrom(Number(values['port-base'])),
  demo: { scale: Number(values.scale), seed },
  log,
  onDeath: mourn,
});
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void system.stop().then(() => process.exit(130)));
await writeEndpoints(system.stack.stateDir, endpointsOf(system.stack));

const report = await run(system);
await mkdir(join(projectDir, '.run'), { recursive: true });
await writeFile(join(projectDir, '.run', 'chaos.json'), `${JSON.stringify(report, null, 2)}\n`);
console.log(`\n${chaosText(report)}\n\nThe whole report: .run/chaos.json`);
if (values.keep) await new Promise<void>((resolve) => void process.once('SIGINT', () => resolve()));
await system.stop();
process.exit(report.faults.length === 0 ? 0 : 1);

async function run(system: RunningSystem): Promise<ChaosReport> {
  await system.settle();
  log('the demo data is in v3');
  const simulator = createSimulator({
    v2Url: system.stack.urls.v2.application,
    seed,
    log: { info: () => undefined, warn: noteFailedAction },
  });
  const stopping = new AbortController();
  const playing = simulator.run({ actionsPerSecond: Number(values.rate), signal: stopping.signal });
  const kills = await killAll(system);
  stopping.abort();
  await playing;
  await playWhatIsMissing(simulator);
  const { actions, rowChanges, operations } = simulator.summary();
  await simulator.close();
  log(`eLMIS has stopped after ${actions} actions; waiting until all is applied ...`);

  const settleBegan = Date.now();
  await system.settle(SETTLED_WITHIN_MS).catch((error: unknown) => faults.push(String(error)));
  const settleSeconds = (Date.now() - settleBegan) / 1000;
  const verification = await system.verify();
  const found = faultsOf({ kills, operations, verification });
  if (found.length > 0) log(`\n${reportText(verification)}\n`);
  faults.push(...found);
  return {
    minutes: Number(values.minutes),
    seed,
    scale: Number(values.scale),
    seconds: (Date.now() - began) / 1000,
    faults,
    actions,
    rowChanges,
    operations,
    kills,
    settleSeconds,
    ...(await countApplied(system)),
    differences: verification.differences,
    pipelines: verification.pipelines.map(({ pipeline, roots, rows, differences }) => ({
      pipeline,
      roots,
      rows,
      differences,
    })),
    checks: verification.checks.map(({ check, rows, differences }) => ({ check, rows, differences })),
  };
}

async function killAll(system: RunningSystem): Promise<readonly KillReport[]> {
  const start = Date.now();
  const reports: KillReport[] = [];
  for (const kill of planKills({ seed, durationMs, times: KILLS_EACH })) {
    await sleep(Math.max(0, start + kill.atMs - Date.now()));
    try {
      const report = await killAndRestart(system, kill);
      reports.push(report);
      log(`${report.victim} was killed during ${report.during}; data flowed again after ${report.recoverySeconds} s`);
    } catch (error) {
      faults.push(`after the kill of ${kill.victim}: ${String(error)}`);
      log(faults.at(-1) as string);
    }
  }
  await sleep(Math.max(0, start + durationMs - Date.now()));
  return reports;
}

/** A part that dies without having been killed is a fault; it is started again, so that the rest of the run has a meaning. */
function mourn(part: Part, exit: Exit): void {
  faults.push(`${part.name} ${describeExit(exit)}, and nobody had killed it`);
  log(`${faults.at(-1)}; starting it again`);
  part.restart().catch((error: unknown) => faults.push(`${part.name} did not start again: ${String(error)}`));
}

/** Chance may have left an operation out. */
async function playWhatIsMissing(simulator: Simulator): Promise<void> {
  for (const name of simulator.operations) {
    for (let tries = 0; tries < OPERATION_TRIES && simulator.summary().operations[name].done === 0; tries += 1) {
      await simulator.step(name).catch(() => undefined);
    }
  }
}

async function countApplied(
  system: RunningSystem,
): Promise<Pick<ChaosReport, 'eventsApplied' | 'quarantined' | 'quarantinedOnTheWay'>> {
  const { rows } = await system.v3.query<{ events: string; open: string; all: string }>(
    `SELECT (SELECT sum(next_offset) FROM cdc.positions) AS events, count(*) FILTER (WHERE resolved_at IS NULL) AS open, count(*) AS "all" FROM cdc.quarantine`,
  );
  return {
    eventsApplied: Number(rows[0]?.events ?? 0),
    quarantined: Number(rows[0]?.open ?? 0),
    quarantinedOnTheWay: Number(rows[0]?.all ?? 0),
  };
}

function noteFailedAction(details: unknown): void {
  const { err } = details as { readonly err?: Error & { readonly operation?: string } };
  log(`an action of the simulator failed (${err?.operation ?? '?'}): ${err?.message ?? ''}`);
}

function log(line: string): void {
  console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`);
}
