// v3 as it was before any pipeline ran: our schemas gone, and every row but those that v3 came with. Only for benches.
import { withClient } from '../../infra/local/databases.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { v3Schema } from '../../infra/demo/schema.ts';

/** Makes v3 anew; the next worker makes our own schemas. */
export async function clearDestination(stack: Stack): Promise<void> {
  await withClient(stack.urls.v3.admin, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT nspname AS name FROM pg_namespace WHERE nspname = 'cdc' OR nspname LIKE 'landing\\_%' OR nspname IN (SELECT table_schema FROM information_schema.tables WHERE table_type = 'BASE TABLE') AND nspname !~ '^(pg_|information_schema$|public$)'",
    );
    for (const { name } of rows) await client.query(`DROP SCHEMA "${name}" CASCADE`);
  });
  await withClient(stack.urls.v3.application, async (client) => {
    const { tables, foreignKeys, rest } = v3Schema();
    await client.query([...tables, ...foreignKeys, ...rest].join(';\n'));
  });
}
