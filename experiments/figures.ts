// What the change would do to the figures of v3's reports: each report's own SQL over v3 as it is, and over v3 with the shadow's
// rows in place of those of roots that would change. One snapshot; nothing that it makes outlives it.
import type { ClientBase, Pool } from 'pg';
import { quote, quoteTable } from '../activities/identifiers.ts';
import { inTransaction } from '../activities/transaction.ts';
import { v3Tables } from '../pipelines/catalog/v3.ts';
import type { Pipeline, Target } from '../pipelines/definition.ts';
import type { Check } from '../verification/checks/check.ts';
import { checks as allChecks } from '../verification/checks/index.ts';
import { ledgerKeyOf } from '../verification/landing/range-figures.ts';
import { runCheck } from '../verification/run-checks.ts';
import type { ReportFigures } from './contract.ts';
import { differingRoots, shadowTable } from './shadow.ts';

export interface FiguresTask {
  readonly pipeline: Pipeline;
  readonly experiment: string;
  readonly checks?: readonly Check[];
  /** Called after each report, with what it took: the live flow gets its share. */
  readonly rest: (tookMs: number) => Promise<void>;
}

/** So many figures of a report that would change are kept to be looked at. */
const MOST_EXAMPLES = 5;
const STATEMENT_TIMEOUT = '10min';

/** The reports that read a table in which the pipeline owns rows; none where nothing differs. */
export async function reportFigures(pool: Pool, task: FiguresTask): Promise<readonly ReportFigures[]> {
  const { pipeline, checks = allChecks } = task;
  const targets = Object.values(pipeline.owns);
  const concerned = checks.filter(({ v3 }) => targets.some(({ table }) => names(table).test(v3)));
  const found: ReportFigures[] = [];
  if (concerned.length === 0) return found;
  return inTransaction(pool, async (client) => {
    await client.query(
      `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET LOCAL TIME ZONE 'UTC'; SET LOCAL enable_seqscan = on; SET LOCAL jit = off;
       SET LOCAL work_mem = '32MB'; SET LOCAL statement_timeout = '${STATEMENT_TIMEOUT}'`,
    );
    if ((await replaceRows(client, task)) === 0) return found;
    for (const check of concerned) {
      const began = performance.now();
      const v3 = targets.reduce((text, { table }) => text.replaceAll(names(table), replacement(table)), check.v3);
      const report = await runCheck({ v2: client, v3: client }, { ...check, v2: check.v3, v3 });
      found.push({
        report: check.check,
        figures: report.rows,
        changed: report.differences,
        examples: report.samples.slice(0, MOST_EXAMPLES).map(({ group, figures }) => ({
          group,
          figures: figures.map(({ figure, v2: now, v3: changed }) => ({ figure, v3: now, changed })),
        })),
      });
      await task.rest(performance.now() - began);
    }
    return found;
  });
}

/**
 * Makes a view of each target's table as it would be. A root that v2 has changed since it was derived is left as it stands in
 * v3: what it differs in is no longer the change's doing alone.
 */
async function replaceRows(client: ClientBase, { pipeline, experiment }: FiguresTask): Promise<number> {
  const { rowCount } = await client.query(
    `CREATE TEMP TABLE replaced_roots ON COMMIT DROP AS
     SELECT d.root FROM ${differingRoots(experiment)} d LEFT JOIN cdc.ledger l ON l.pipeline = $1 AND l.root = d.root
     WHERE l.digest IS NOT DISTINCT FROM d.digest`,
    [pipeline.name],
  );
  await client.query(
    `CREATE TEMP TABLE replaced_rows ON COMMIT DROP AS
     SELECT rows.key AS target, k.key FROM replaced_roots r JOIN cdc.ledger l ON l.pipeline = $1 AND l.root = r.root,
       jsonb_each(l.owned) piece, jsonb_each(piece.value) rows, jsonb_object_keys(rows.value) AS k (key)`,
    [pipeline.name],
  );
  await client.query('ANALYZE replaced_roots; ANALYZE replaced_rows');
  for (const [name, target] of Object.entries(pipeline.owns))
    await createReplacement(client, { experiment, name, target });
  return rowCount ?? 0;
}

async function createReplacement(
  client: ClientBase,
  { experiment, name, target }: { readonly experiment: string; readonly name: string; readonly target: Target },
): Promise<void> {
  const columns = Object.keys(v3Tables[target.table].columns).map((column) => `t.${quote(column)}`);
  await client.query(
    `CREATE TEMP VIEW ${quote(replacementName(target.table))} AS
     SELECT ${columns.join(', ')} FROM ${quoteTable(target.table)} t
     WHERE NOT EXISTS (SELECT FROM replaced_rows o WHERE o.target = '${name}' AND o.key = ${ledgerKeyOf(target)})
     UNION ALL
     SELECT ${columns.join(', ')} FROM ${quoteTable(shadowTable(experiment, target.table))} t
     WHERE t._root IN (SELECT root FROM replaced_roots)`,
  );
}

function replacement(table: string): string {
  return `pg_temp.${quote(replacementName(table))}`;
}

function replacementName(table: string): string {
  return `with_${table.replace('.', '_')}`;
}

/** Where SQL names the table. */
function names(table: string): RegExp {
  return new RegExp(`\\b${table.replace('.', String.raw`\.`)}\\b`, 'g');
}
