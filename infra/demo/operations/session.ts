// One database session of the eLMIS application: statements, transactions, and a count of the rows that it changed.
import { Client } from 'pg';
import type { Random } from '../random.ts';

export interface Session {
  readonly rows: <Row extends object>(sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;
  /** Runs an INSERT, UPDATE or DELETE. Returns the rows changed. */
  readonly change: (sql: string, values?: readonly unknown[]) => Promise<number>;
  readonly begin: () => Promise<void>;
  readonly commit: () => Promise<void>;
  readonly rollback: () => Promise<void>;
  /** Commits what `act` did. When it throws, the transaction stays open and the session must be closed. */
  readonly transaction: (act: () => Promise<void>) => Promise<'done'>;
  /** Row changes that were committed. */
  readonly committedChanges: () => number;
  readonly close: () => Promise<void>;
}

/** What an operation plays with. Two sessions, so that transactions can overlap. */
export interface Play {
  readonly session: Session;
  readonly other: Session;
  readonly random: Random;
}

/** `nothing to do`: the data held no row that the operation applies to. */
export type Outcome = 'done' | 'nothing to do';

export interface Operation {
  /** How often it is played, relative to the others. */
  readonly weight: number;
  readonly play: (play: Play) => Promise<Outcome>;
}

export async function openSession(url: string): Promise<Session> {
  const client = new Client({
    connectionString: url,
    application_name: 'elmis-simulator',
    connectionTimeoutMillis: 5000,
  });
  // A server that goes away makes an idle client emit 'error'; the next statement fails, and is where it is dealt with.
  client.on('error', () => undefined);
  await client.connect();
  // eLMIS stamps rows with CURRENT_TIMESTAMP in columns without zone: local time of its server.
  await client.query(`SET TIME ZONE 'Africa/Dar_es_Salaam'`);

  let committed = 0;
  let pending: number | undefined;
  const begin = async (): Promise<void> => {
    await client.query('BEGIN');
    pending = 0;
  };
  const commit = async (): Promise<void> => {
    await client.query('COMMIT');
    committed += pending ?? 0;
    pending = undefined;
  };
  const rollback = async (): Promise<void> => {
    pending = undefined;
    await client.query('ROLLBACK');
  };
  return {
    rows: async <Row extends object>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> =>
      (await client.query<Row>(sql, [...values])).rows,
    change: async (sql, values = []) => {
      const changed = (await client.query(sql, [...values])).rowCount ?? 0;
      if (pending === undefined) committed += changed;
      else pending += changed;
      return changed;
    },
    begin,
    commit,
    rollback,
    transaction: async (act) => {
      await begin();
      await act();
      await commit();
      return 'done';
    },
    committedChanges: () => committed,
    close: () => client.end(),
  };
}

/**
 * One row at random: the first at or after a random id, else the first of all. Same data, same chance, same row.
 * `from` and `where` are SQL that knows the table as `t`; `values` are its $1, $2 and so on.
 */
export async function pickRow<Row extends object>(
  { session, random }: Pick<Play, 'session' | 'random'>,
  {
    select,
    from,
    where = 'true',
    values = [],
  }: {
    readonly select: string;
    readonly from: string;
    readonly where?: string;
    readonly values?: readonly unknown[];
  },
): Promise<Row | undefined> {
  const [span] = await session.rows<{ last: number | null }>(`SELECT max(t.id) AS last FROM ${from}`);
  const start = random.integer(1, Math.max(1, span?.last ?? 1));
  const place = values.length + 1;
  const sql = `SELECT ${select} FROM ${from} WHERE ${where} AND t.id >= $${place} ORDER BY t.id LIMIT 1`;
  const [row] = await session.rows<Row>(sql, [...values, start]);
  return row ?? (await session.rows<Row>(sql, [...values, 0]))[0];
}

/** Some user of eLMIS, by id. */
export function chooseUser(random: Random): number {
  return random.integer(1, 40);
}
