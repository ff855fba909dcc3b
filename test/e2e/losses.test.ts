// Parts that go away, state that is lost: what comes back by itself, and what an operator does.
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { projectDir } from '../../infra/local/settings.ts';
import { Kafka, logLevel } from '../../model/kafka.ts';
import { idOf } from '../../model/ids.ts';
import {
  categoryId,
  categoryName,
  operatorId,
  operatorName,
  productId,
  productName,
  renameCategory,
  renameOperator,
  renameProduct,
} from './renamed-rows.ts';
import { eventually } from '../support/eventually.ts';
import {
  address,
  askWorkflow,
  differences,
  kill,
  operate,
  operateToItsEnd,
  pipelineOf,
  restart,
  settle,
  temporalCli,
  v3,
} from './system.ts';

test('goes on by itself when v3 was away for 20 seconds', async () => {
  await kill('v3');
  for (let times = 1; times <= 20; times += 1) {
    await renameProduct(`Renamed ${times} s after v3 went away`);
    await sleep(1_000);
  }
  await restart('v3');
  await eventually(async () => expect(await productName()).toMatch(/^Renamed 20 s/));
  expect(await pipelineOf('products')).toMatchObject({ mode: 'running', stop: null });
  expect(await differences()).toBe('');
});

test("goes on in the same state when Temporal's database was deleted and the workflows were rebuilt", async () => {
  const operator = await operatorId();
  await operateToItsEnd('facility-operators', 'pause', { reason: 'to be remembered' });
  await kill('bridge'); // it would start the workflows by itself, sooner or later
  await kill('temporal');
  for (const suffix of ['', '-wal', '-shm', '-journal'])
    await rm(`${address.temporalDatabase}${suffix}`, { force: true });
  await renameOperator(operator, 'Temporal was away');
  await restart('temporal');

  const { stdout } = await promisify(execFile)(
    join(projectDir, 'node_modules', '.bin', 'node'),
    [join(projectDir, 'workers', 'rebuild-workflows.ts')],
    {
      env: { ...process.env, ...address.environment },
    },
  );
  expect(stdout).toMatch(/facility-operators\s+paused\s+.*started/);
  expect(stdout).toMatch(/products\s+running\s+.*started/);
  await restart('bridge');
  await renameProduct('Renamed after the rebuild');
  await eventually(async () => expect(await productName()).toMatch(/^Renamed after the rebuild/));

  await eventually(async () => expect(await askWorkflow('facility-operators')).toMatch(/to be remembered/));
  expect(await pipelineOf('facility-operators')).toMatchObject({ mode: 'paused' });
  expect(await operatorName(operator)).not.toBe('Temporal was away');
  await eventually(async () => expect((await operate('facility-operators', 'resume')).status).toBe(200));
  await eventually(async () => expect(await operatorName(operator)).toBe('Temporal was away'));
  expect(await differences()).toBe('');
});

test('changes no row when the workflow of a busy pipeline is reset in Temporal', async () => {
  await settle();
  const others = async (): Promise<readonly object[]> =>
    v3('SELECT id, xmin::text AS version FROM referencedata.orderables WHERE id <> $1 ORDER BY id', [
      idOf('products', String(await productId())),
    ]);
  const before = await others();
  const over = new AbortController();
  const busy = (async () => {
    for (let times = 1; !over.signal.aborted; times += 1) await renameProduct(`Busy ${times}`).then(() => sleep(20));
  })();
  try {
    await eventually(async () => expect(await productName()).toMatch(/^Busy/));
    for (const type of ['FirstWorkflowTask', 'LastWorkflowTask']) {
      await temporalCli(
        'workflow',
        'reset',
        '--workflow-id',
        'pipeline/products',
        '--type',
        type,
        '--reason',
        'a test',
      );
      await sleep(2_000);
    }
  } finally {
    over.abort();
    await busy;
  }
  await renameProduct('Quiet again');
  await eventually(async () => expect(await productName()).toMatch(/^Quiet again/));
  expect(await others()).toEqual(before);
  expect(await differences()).toBe('');
});

test('stops with the reason when Kafka no longer holds what it claimed, and goes on after a replay', async () => {
  const topic = 'elmis.public.product_categories';
  const category = await categoryId();
  await settle();
  await kill('worker');
  const admin = new Kafka({ brokers: [address.kafka], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const end = async (): Promise<number> => Number((await admin.fetchTopicOffsets(topic))[0]?.high);
  const before = await end();
  await renameCategory(category, 'This event will be lost');
  const lost = await eventually(async () => {
    const offset = await end();
    expect(offset).toBeGreaterThan(before);
    return offset;
  });
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(lost) }] });
  await admin.disconnect();
  await restart('worker');

  await eventually(async () =>
    expect(await pipelineOf('product-categories')).toMatchObject({
      mode: 'drifted',
      stop: { code: 'OFFSET_OUT_OF_RANGE' },
    }),
  );
  expect((await pipelineOf('product-categories')).stop?.message).toContain(String(lost));
  // The others are not concerned.
  await renameProduct('Beside a stopped pipeline');
  await eventually(async () => expect(await productName()).toMatch(/^Beside a stopped pipeline/));

  await operateToItsEnd('product-categories', 'replay', { from: { topic, partition: 0, offset: lost } });
  await operateToItsEnd('product-categories', 'resume');
  await renameCategory(category, 'Told again');
  await eventually(async () => expect(await categoryName(category)).toBe('Told again'));
  expect(await differences()).toBe('');
});
