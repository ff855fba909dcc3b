// One throw-away PostgreSQL server for all `*.pg.test.ts`, with a superuser's URL in MKONDO_TEST_PG_URL. When that is set
// already, the given server is used (and littered on).
import { startStack } from '../../infra/local/stack.ts';
import { freePorts } from './free-ports.ts';
import { createStateFolder, removeStateFolder } from './state-folder.ts';

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['MKONDO_TEST_PG_URL'] !== undefined) return undefined;
  const stateDir = await createStateFolder('pg');
  const stack = await startStack({ stateDir, ports: await freePorts(), parts: ['v3'], log: console.log });
  process.env['MKONDO_TEST_PG_URL'] = stack.part('v3').url;
  return async () => {
    await stack.stop();
    await removeStateFolder(stateDir);
  };
}
