// Adoptions by an operator's word: over REST, or by the file of adoptions that a worker reads when it starts. The crosswalk
// keeps them; the root and all that may point at it are marked, and follow as after any change. Workflows have no part in it.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ClientBase, Pool } from 'pg';
import { z } from 'zod';
import { MkondoError } from '../model/errors.ts';
import { notBlank } from '../model/text.ts';
import { idOf } from '../model/ids.ts';
import type { Pipeline, Target } from '../pipelines/definition.ts';
import { adoptableTarget, adoptionMark, CROSSWALK_LOCK, markDependents, rootTable } from './adoption.ts';
import { markDirty } from './control.ts';
import { quoteTable } from './identifiers.ts';
import { ourSchemaBroken, unavailable } from './database-errors.ts';
import { inTransaction } from './transaction.ts';

/** `key`: found by the natural key. */
export type AdoptionSource = 'key' | 'file' | 'rest';

export interface Adoption {
  readonly pipeline: string;
  readonly root: string;
  readonly v2Table: string;
  readonly v3Table: string;
  readonly v3Id: string;
  /** Under which ours stands, stood or would stand. */
  readonly ourId: string;
  readonly source: AdoptionSource;
  readonly reason: string;
  readonly by: string;
  readonly since: Date;
  /**
   * settled: all that points at the row was derived with it. following: roots are still to be derived. barred: the root
   * itself is in quarantine; `code` and `message` say why.
   */
  readonly state: 'settled' | 'following' | 'barred';
  readonly code: string | null;
  readonly message: string | null;
}

export interface AdoptionWish {
  readonly pipeline: Pipeline;
  readonly root: string;
  readonly v3Id: string;
  readonly reason: string;
  readonly by: string;
  readonly source: 'file' | 'rest';
}

/** Says that a row of v3's stands for a root. Twice the same is once. @throws MkondoError ADOPTION_REFUSED, V3_UNAVAILABLE */
export async function adopt(pool: Pool, wish: AdoptionWish): Promise<Adoption> {
  const { pipeline, root, v3Id, reason, by, source } = wish;
  const target = adoptable(pipeline);
  await inTransaction(pool, async (client) => {
    await aloneWithTheCrosswalk(client);
    const before = await readOne(client, { pipeline: pipeline.name, root });
    if (before?.source === 'file' && source === 'rest') throw theFileSays(wish);
    await checkRow(client, { wish, target });
    await client.query('INSERT INTO cdc.pipelines (name) VALUES ($1) ON CONFLICT DO NOTHING', [pipeline.name]);
    await client.query(
      `INSERT INTO cdc.crosswalk (v2_table, v2_key, v3_table, v3_id, pipeline, root, source, reason, said_by)
       VALUES ($1, $2, $3, $4, $5, $2, $6, $7, $8)
       ON CONFLICT (v2_table, v2_key) DO UPDATE
       SET v3_id = excluded.v3_id, source = excluded.source, reason = excluded.reason, said_by = excluded.said_by,
           adopted_at = CASE WHEN cdc.crosswalk.v3_id = excluded.v3_id THEN cdc.crosswalk.adopted_at ELSE now() END`,
      [rootTable(pipeline), root, target.table, v3Id, pipeline.name, source, reason, by],
    );
    if (before?.v3Id === v3Id && before.source === source && before.reason === reason) return;
    await record(client, { ...wish, name: 'adopt', answer: `${target.table} ${v3Id} stands for ${root}.` });
    // The same row by another's word changes no id; but the root is looked at again, which may mend it.
    if (before?.v3Id !== v3Id) await markDependents(client, { pipeline: pipeline.name, except: root });
    await markRoot(client, { pipeline: pipeline.name, root });
  }).catch((error: unknown) => {
    throw knownFault(error);
  });
  return (await readAdoptions(pool, { pipeline: pipeline.name, root }))[0] as Adoption;
}

/** Takes an operator's word back: the root is found by its key again, or is ours. @throws MkondoError ADOPTION_UNKNOWN, ADOPTION_REFUSED */
export async function letGo(
  pool: Pool,
  wish: Omit<AdoptionWish, 'v3Id'>,
): Promise<{ readonly pipeline: string; readonly root: string; readonly v3Id: string }> {
  const { pipeline, root, source } = wish;
  return inTransaction(pool, async (client) => {
    await aloneWithTheCrosswalk(client);
    const before = await readOne(client, { pipeline: pipeline.name, root });
    if (before === undefined)
      throw new MkondoError('ADOPTION_UNKNOWN', `No row of v3's stands for ${pipeline.name} ${root}.`, {
        advice: 'GET /adoptions lists those that there are.',
      });
    if (before.source === 'file' && source === 'rest') throw theFileSays(wish);
    if (before.source === 'key')
      throw new MkondoError(
        'ADOPTION_REFUSED',
        `${pipeline.name} ${root} and the row ${before.v3Id} of v3 bear the same key: nobody said so, and nobody can take it back.`,
        { advice: 'Change the key in v2 or in v3, or have another row adopted (PUT).' },
      );
    await client.query('DELETE FROM cdc.crosswalk WHERE pipeline = $1 AND root = $2', [pipeline.name, root]);
    await record(client, { ...wish, name: 'letGo', answer: `${before.v3Id} stands for ${root} no more.` });
    await markDependents(client, { pipeline: pipeline.name, except: root });
    await markRoot(client, { pipeline: pipeline.name, root });
    return { pipeline: pipeline.name, root, v3Id: before.v3Id };
  }).catch((error: unknown) => {
    throw knownFault(error);
  });
}

/** Of all pipelines, of one, or of one root; those found by key among them. */
export async function readAdoptions(
  pool: Pool,
  only: { readonly pipeline?: string; readonly root?: string } = {},
): Promise<readonly Adoption[]> {
  const { rows } = await pool
    .query<Omit<Adoption, 'ourId' | 'state'> & { following: boolean }>(
      `SELECT c.pipeline, c.root, c.v2_table AS "v2Table", c.v3_table AS "v3Table", c.v3_id AS "v3Id", c.source, c.reason,
            c.said_by AS by, c.adopted_at AS since, q.code, q.message,
            EXISTS (SELECT FROM cdc.dirty d WHERE d.pipeline = c.pipeline AND d.root = c.root)
              OR EXISTS (SELECT FROM cdc.dirty d WHERE d.operation = $3 || c.pipeline AND d.not_before < 'infinity') AS following
     FROM cdc.crosswalk c
     LEFT JOIN cdc.quarantine q ON q.pipeline = c.pipeline AND q.root = c.root AND q.kind = 'root' AND q.resolved_at IS NULL
     WHERE ($1::text IS NULL OR c.pipeline = $1) AND ($2::text IS NULL OR c.root = $2)
     ORDER BY c.pipeline, c.root`,
      [only.pipeline ?? null, only.root ?? null, adoptionMark('')],
    )
    .catch((error: unknown) => {
      throw knownFault(error);
    });
  return rows.map(({ following, ...row }) => ({
    ...row,
    ourId: idOf(row.v2Table, row.root),
    state: row.code !== null && !following ? 'barred' : following ? 'following' : 'settled',
  }));
}

/** In the catalogue's words, as far as it has any. */
function knownFault(error: unknown): unknown {
  return error instanceof MkondoError ? error : (unavailable(error) ?? ourSchemaBroken(error) ?? error);
}

function adoptable(pipeline: Pipeline): Target {
  const found = adoptableTarget(pipeline);
  if (found !== undefined) return found[1];
  throw new MkondoError('ADOPTION_REFUSED', `No single row of v3 can stand for a root of ${pipeline.name}.`, {
    advice: 'docs/adoptions.md names the pipelines that adopt. Correct v2, or remove the row from v3.',
  });
}

/** @throws MkondoError ADOPTION_REFUSED unless the row stands in v3, is v3's own, and stands for no other root */
async function checkRow(
  client: ClientBase,
  { wish, target }: { readonly wish: AdoptionWish; readonly target: Target },
): Promise<void> {
  const { pipeline, root, v3Id } = wish;
  const refuse = (what: string, advice: string): never => {
    throw new MkondoError('ADOPTION_REFUSED', `${pipeline.name} ${root} cannot have ${v3Id}: ${what}`, { advice });
  };
  const standing = await client.query(`SELECT FROM ${quoteTable(target.table)} WHERE id = $1`, [v3Id]);
  if (standing.rowCount === 0)
    refuse(`${target.table} has no row with that id.`, `SELECT id, ... FROM ${target.table}; and send its id.`);
  const { rows: owners } = await client.query<{ root: string }>(
    `SELECT l.root FROM cdc.ledger l, jsonb_each(l.owned) piece, jsonb_each(piece.value) owned
     WHERE l.pipeline = $1 AND owned.value ? $2 LIMIT 1`,
    [pipeline.name, v3Id],
  );
  const [owner] = owners;
  if (owner !== undefined)
    refuse(
      `we made that row ourselves, for ${pipeline.name} ${owner.root}.`,
      "Only rows of v3's own are adopted. Two rows of v2 that mean one thing are corrected in v2.",
    );
  const { rows: others } = await client.query<{ root: string }>(
    'SELECT root FROM cdc.crosswalk WHERE v3_table = $1 AND v3_id = $2 AND (pipeline, root) <> ($3, $4) LIMIT 1',
    [target.table, v3Id, pipeline.name, root],
  );
  const [other] = others;
  if (other !== undefined)
    refuse(
      `it stands for ${pipeline.name} ${other.root} already.`,
      `One row of v3 stands for one of v2: have ${other.root} let it go first, or adopt another row.`,
    );
}

function theFileSays({ pipeline, root }: Omit<AdoptionWish, 'v3Id'>): MkondoError {
  return new MkondoError(
    'ADOPTION_REFUSED',
    `The file of adoptions says which row stands for ${pipeline.name} ${root}, and what it says goes.`,
    { advice: 'Change the file (MKONDO_ADOPTIONS_FILE) and restart a worker.' },
  );
}

/**
 * Whoever derives holds the lock shared until its commit, and others queue behind us while we wait: so we wait for a moment
 * only, and try again (inTransaction).
 */
async function aloneWithTheCrosswalk(client: ClientBase): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = '1s'`);
  await client.query(`SELECT pg_advisory_xact_lock(${CROSSWALK_LOCK})`);
}

async function readOne(
  client: ClientBase,
  { pipeline, root }: { readonly pipeline: string; readonly root: string },
): Promise<{ readonly v3Id: string; readonly source: AdoptionSource; readonly reason: string } | undefined> {
  const { rows } = await client.query<{ v3Id: string; source: AdoptionSource; reason: string }>(
    'SELECT v3_id AS "v3Id", source, reason FROM cdc.crosswalk WHERE pipeline = $1 AND root = $2',
    [pipeline, root],
  );
  return rows[0];
}

async function markRoot(
  client: ClientBase,
  { pipeline, root }: { readonly pipeline: string; readonly root: string },
): Promise<void> {
  await markDirty(client, { pipeline, roots: [root] });
  await client.query(`SELECT pg_notify('cdc_wake', $1)`, [pipeline]);
}

/** Beside the operations of workflows: who said it, why and when. */
async function record(
  client: ClientBase,
  input: Omit<AdoptionWish, 'v3Id'> & { readonly name: 'adopt' | 'letGo'; readonly answer: string },
): Promise<void> {
  const { pipeline, root, reason, by, source, name, answer } = input;
  await client.query(
    `INSERT INTO cdc.operations (id, pipeline, name, reason, requested_by, via, input, state, answer, finished_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'done', $8, now())`,
    [randomUUID(), pipeline.name, name, reason, by, source, JSON.stringify({ root }), answer],
  );
}

/** What REST and the file say of an adoption. */
export const adoptionFields = {
  v3Id: z
    .guid('must be the UUID of a v3 row')
    .transform((id) => id.toLowerCase())
    .describe('id of the row of v3'),
  reason: notBlank.describe('why; whoever finds the adoption tomorrow wants to know'),
};

/** The form of the file of adoptions. */
export const adoptionsFile = z
  .strictObject({
    adoptions: z.array(
      z.strictObject({
        pipeline: notBlank.describe('name of a pipeline that adopts'),
        root: notBlank.describe('key of the v2 row'),
        ...adoptionFields,
      }),
    ),
  })
  .superRefine(({ adoptions }, context) => {
    const seen = new Set<string>();
    adoptions.forEach(({ pipeline, root, v3Id }, index) => {
      for (const [name, what] of [
        [`${pipeline} ${root}`, 'names a root'],
        [`${pipeline} -> ${v3Id}`, 'names a v3 row'],
      ] as const) {
        if (seen.has(name))
          context.addIssue({ code: 'custom', path: ['adoptions', index], message: `${what} for the second time` });
        seen.add(name);
      }
    });
  });

export type AdoptionsFile = z.infer<typeof adoptionsFile>;

/** @throws MkondoError CONFIG_INVALID, with every fault at once */
export function readAdoptionsFile(path: string, pipelines: readonly Pipeline[]): AdoptionsFile {
  const advice = 'Correct the file, whose form docs/adoptions.md shows, or MKONDO_ADOPTIONS_FILE, and start again.';
  const fault = (what: string, cause?: unknown): MkondoError =>
    new MkondoError('CONFIG_INVALID', `The file of adoptions ${path} ${what}`, { advice, cause });
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw fault(`cannot be read: ${(error as Error).message}`, error);
  }
  const parsed = adoptionsFile.safeParse(content);
  if (!parsed.success)
    throw fault(
      `is not valid: ${parsed.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join('; ')}.`,
    );
  const names = new Set(pipelines.filter((each) => adoptableTarget(each) !== undefined).map(({ name }) => name));
  const unknown = parsed.data.adoptions.map(({ pipeline }) => pipeline).filter((name) => !names.has(name));
  if (unknown.length > 0)
    throw fault(`names pipelines that do not adopt: ${unknown.join(', ')}; these do: ${[...names].join(', ')}.`);
  return parsed.data;
}

/**
 * Brings the crosswalk to what the file says: new and changed entries are adopted, also over an adoption by REST; what the
 * file named once and does not name any more is let go. An entry that v3 does not allow now is left out, and returned with
 * its reason: the other entries, and the worker, go on.
 */
export async function applyAdoptionsFile(
  pool: Pool,
  input: { readonly file: AdoptionsFile; readonly pipelines: readonly Pipeline[] },
): Promise<readonly MkondoError[]> {
  const wishOf = (name: string, root: string, reason: string): Omit<AdoptionWish, 'v3Id'> => {
    const pipeline = input.pipelines.find((each) => each.name === name);
    if (pipeline === undefined) throw new Error(`There is no pipeline ${name}`);
    return { pipeline, root, reason, by: 'file', source: 'file' };
  };
  const refused: MkondoError[] = [];
  const named = new Set(input.file.adoptions.map(({ pipeline, root }) => `${pipeline} ${root}`));
  for (const { pipeline, root, source } of await readAdoptions(pool)) {
    if (source !== 'file' || named.has(`${pipeline} ${root}`)) continue;
    await letGo(pool, wishOf(pipeline, root, 'The file of adoptions does not name it any more.')).catch(refuse);
  }
  for (const { pipeline, root, v3Id, reason } of input.file.adoptions)
    await adopt(pool, { ...wishOf(pipeline, root, reason), v3Id }).catch(refuse);
  return refused;

  function refuse(error: unknown): void {
    // ADOPTION_UNKNOWN: another worker that starts was there first.
    if (error instanceof MkondoError && error.code === 'ADOPTION_UNKNOWN') return;
    if (!(error instanceof MkondoError) || error.code !== 'ADOPTION_REFUSED') throw error;
    refused.push(error);
  }
}
