// Statements that the engine repeats for months: prepared once on a connection, so that PostgreSQL parses and plans them
// once (a batch has some twenty, and planning one over sixty columns costs more than running it for a few rows).
import { hash } from 'node:crypto';
import { Query } from 'pg';
import type { ClientBase, QueryArrayConfig, QueryResult, QueryResultRow } from 'pg';

const names = new Map<string, string>();

/** The same text is the same statement; a landing table that was widened has another text. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = hash('sha1', text, 'hex');
    names.set(text, name);
  }
  return name;
}

/** What together has sent on a connection and awaits. */
const underWay = new WeakMap<ClientBase, Set<Promise<unknown>>>();

function sent<T>(client: ClientBase, answer: Promise<T>): Promise<T> {
  const all = underWay.get(client);
  if (all === undefined) return answer;
  const settled = answer.then(
    () => void all.delete(settled),
    () => void all.delete(settled),
  );
  all.add(settled);
  return answer;
}

/** Runs a prepared statement. */
export function query<Row extends QueryResultRow>(
  client: ClientBase,
  text: string,
  values: readonly unknown[],
): Promise<QueryResult<Row>> {
  return sent(client, client.query<Row>({ name: nameOf(text), text, values: [...values] }));
}

/**
 * The same, row by row as an array, none of which is kept: texts that live until the last row has come cost more to be moved
 * about by the garbage collector than all else that is done with them. `each` is not to throw.
 */
export function queryEach(
  client: ClientBase,
  {
    text,
    values,
    each,
  }: { readonly text: string; readonly values: readonly unknown[]; readonly each: (row: (string | null)[]) => void },
): Promise<void> {
  const config: QueryArrayConfig = { name: nameOf(text), text, values: [...values], rowMode: 'array' };
  const asked = new Query<(string | null)[]>(config);
  const answer = new Promise<void>((resolve, reject) => {
    asked.on('row', each);
    asked.on('end', () => resolve());
    asked.on('error', reject);
  });
  client.query(asked);
  return sent(client, answer);
}

/**
 * Sends statements of which none waits for another's answer without waiting in between; they are executed in the order in
 * which they are sent. Only statements of this file may be among them, and no COPY.
 */
export async function together<T>(client: ClientBase, send: () => Promise<T>): Promise<T> {
  if (underWay.has(client)) return send();
  const mode = client as unknown as { pipeline: boolean };
  const all = new Set<Promise<unknown>>();
  underWay.set(client, all);
  mode.pipeline = true;
  try {
    return await send();
  } finally {
    // After a fault others may still be under way: the connection must be quiet before it is used one by one again.
    while (all.size > 0) await Promise.all(all);
    underWay.delete(client);
    mode.pipeline = false;
  }
}
