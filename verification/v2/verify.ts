// Compares v3 with what v2 holds, row by row, for every pipeline. It reads v2 itself, in one transaction that writes
// nothing, and trusts nothing that the running system says about its own work, except which v3 rows it adopted.
import type { Client } from 'pg';
import type { MkondoError } from '../../model/errors.ts';
import { pipelines as allPipelines } from '../../pipelines/index.ts';
import type { Pipeline } from '../../pipelines/definition.ts';
import { runChecks } from '../run-checks.ts';
import type { CheckReport } from '../run-checks.ts';
import { compareAdopted, compareTarget } from './compare.ts';
import type { Difference, TableComparison } from './compare.ts';
import { expectRows } from './expected-rows.ts';
import type { Expected } from './expected-rows.ts';
import type { Load } from './load.ts';
import { inSnapshots } from './snapshots.ts';
import { excusedKeysOf, readTroubles } from './troubles.ts';
import type { Trouble } from './troubles.ts';

export interface VerifyOptions {
  readonly v2Url: string;
  readonly v3Url: string;
  /** All by default. */
  readonly pipelines?: readonly Pipeline[];
  /** Differences are looked at again, while data moves, until they are gone or so long has passed. Default 0: one look. */
  readonly patienceMs?: number;
  /** Differences to show of each kind and table. */
  readonly samples?: number;
  readonly log?: (line: string) => void;
}

export interface PipelineReport {
  readonly pipeline: string;
  readonly mode: string;
  /** Roots in v2, and the v3 rows that follow from them. */
  readonly roots: number;
  readonly rows: number;
  readonly differences: number;
  readonly tables: readonly TableComparison[];
  readonly samples: readonly Difference[];
  /** Roots that the system itself says are quarantined, or wait, or are still to be derived. */
  readonly troubles: readonly Trouble[];
  /** Roots that no v3 row can be made of, and that are in quarantine for just that: no difference. */
  readonly refusedAlike: readonly string[];
}

export interface VerifyReport {
  readonly differences: number;
  readonly pipelines: readonly PipelineReport[];
  readonly checks: readonly CheckReport[];
  /** Asked of v2, in all looks. */
  readonly load: Load;
  /** Times that v2 and v3 were looked at. */
  readonly looks: number;
}

/** Between two looks at what differed. */
const LOOK_AGAIN_MS = 1_000;

export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { pipelines = allPipelines, patienceMs = 0 } = options;
  const deadline = Date.now() + patienceMs;
  const reports = new Map<string, PipelineReport>();
  let checks: readonly CheckReport[] = [];
  let load: Load = { queries: 0, rows: 0, ms: 0 };
  let open = pipelines;
  for (let looks = 1; ; looks += 1) {
    const looked = await look(options, open);
    for (const report of looked.pipelines) reports.set(report.pipeline, report);
    checks = looked.checks;
    load = addLoads(load, looked.load);
    open = open.filter(({ name }) => reports.get(name)?.differences !== 0);
    const ordered = pipelines.flatMap(({ name }) => reports.get(name) ?? []);
    const differences = [...ordered, ...checks].reduce((sum, report) => sum + report.differences, 0);
    if (differences === 0 || Date.now() >= deadline) return { differences, pipelines: ordered, checks, load, looks };
    options.log?.(
      `${differences} difference(s); data may have moved: looking again at ${open.map(({ name }) => name).join(', ') || 'the checks'}`,
    );
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

function addLoads(left: Load, right: Load): Load {
  return { queries: left.queries + right.queries, rows: left.rows + right.rows, ms: left.ms + right.ms };
}

/** One snapshot of each side. */
async function look(
  options: VerifyOptions,
  pipelines: readonly Pipeline[],
): Promise<Pick<VerifyReport, 'pipelines' | 'checks' | 'load'>> {
  return inSnapshots(options, async (clients) => {
    const reports: PipelineReport[] = [];
    for (const pipeline of pipelines) {
      options.log?.(`comparing ${pipeline.name} ...`);
      reports.push(await verifyPipeline(clients, { pipeline, samples: options.samples ?? 20 }));
    }
    return { pipelines: reports, checks: await runChecks(clients), load: clients.readLoad() };
  });
}

async function verifyPipeline(
  clients: { readonly v2: Client; readonly v3: Client },
  { pipeline, samples }: { readonly pipeline: Pipeline; readonly samples: number },
): Promise<PipelineReport> {
  const { v3 } = clients;
  const troubles = await readTroubles(v3, pipeline.name);
  const expected = await expectRows(clients, pipeline);
  const { alike, unlike } = judgeRefusals(expected, troubles);
  const tables: TableComparison[] = [];
  for (const target of expected.targets) {
    const excusedKeys = await excusedKeysOf(v3, { pipeline, target: target.name, roots: alike });
    tables.push(await compareTarget(v3, { pipeline, expected: target, excusedKeys, samples }));
  }
  const adopted = await compareAdopted(v3, { pipeline, values: expected.adopted });
  const found = [...adopted, ...tables.flatMap((table) => table.samples)];
  return {
    pipeline: pipeline.name,
    mode: await readMode(v3, pipeline.name),
    roots: expected.roots,
    rows: expected.rows,
    differences:
      unlike.length +
      adopted.length +
      tables.reduce((sum, { missing, extra, different }) => sum + missing + extra + different, 0),
    tables,
    samples: [...unlike.map(refusalDifference), ...found].slice(0, samples),
    troubles,
    refusedAlike: alike,
  };

  function refusalDifference([root, error]: readonly [string, MkondoError]): Difference {
    return {
      table: pipeline.root.table,
      kind: 'unlike',
      key: {},
      root,
      columns: [{ column: error.code, expected: error.message, actual: 'not in quarantine for it' }],
    };
  }
}

/** A root that cannot be made into v3 rows is no difference when it is in quarantine for the very same reason. */
function judgeRefusals(
  expected: Expected,
  troubles: readonly Trouble[],
): { readonly alike: readonly string[]; readonly unlike: readonly (readonly [string, MkondoError])[] } {
  const quarantined = new Map(
    troubles.filter(({ kind }) => kind === 'quarantined').map(({ root, code }) => [root, code]),
  );
  const refused = [...expected.refused];
  return {
    alike: refused.filter(([root, { code }]) => quarantined.get(root) === code).map(([root]) => root),
    unlike: refused.filter(([root, { code }]) => quarantined.get(root) !== code),
  };
}

async function readMode(v3: Client, pipeline: string): Promise<string> {
  const { rows } = await v3.query<{ mode: string }>('SELECT mode FROM cdc.pipelines WHERE name = $1', [pipeline]);
  return rows[0]?.mode ?? 'unknown';
}
