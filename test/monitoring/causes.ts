// What leads to each alert, done to the real system, and what ends it.
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { captureNames } from '../../infra/local/capture.ts';
import { Kafka, logLevel } from '../../model/kafka.ts';
import { eventually } from '../support/eventually.ts';
import type { Labels } from './prometheus.ts';
import type { WatchedSystem } from './watched-system.ts';

export interface Expected {
  readonly name: string;
  readonly labels?: Labels;
  /** It follows from another alert, of which alone the operators are told. */
  readonly isHidden?: boolean;
}

export interface Cause {
  /** What is seen to fire, each with labels by which it is known from others. */
  readonly alerts: readonly Expected[];
  readonly what: string;
  readonly begin: (watched: WatchedSystem) => Promise<unknown>;
  readonly end: (watched: WatchedSystem) => Promise<unknown>;
}

/** Things that do not touch each other, done at the same time. */
export function besideEachOther(stateDir: string): readonly Cause[] {
  const disk = join(stateDir, 'disk');
  let release: () => Promise<void> = async () => undefined;
  return [
    {
      what: 'somebody pauses a pipeline, and resumes it',
      alerts: [{ name: 'PipelinePaused', labels: { pipeline: 'lots' } }],
      begin: (watched) => post(watched, '/pipelines/lots/pause', { reason: 'stock count' }),
      end: (watched) => post(watched, '/pipelines/lots/resume', { reason: 'counted' }),
    },
    {
      what: 'v3 loses a column, and gets it back',
      alerts: [{ name: 'PipelineDrifted', labels: { pipeline: 'facility-operators' } }],
      async begin({ system }) {
        await system.v3.query('ALTER TABLE referencedata.facility_operators RENAME COLUMN name TO title');
        await system.v2.query(`UPDATE facility_operators SET text = left('New ' || text, 20)`);
      },
      async end(watched) {
        await watched.system.v3.query('ALTER TABLE referencedata.facility_operators RENAME COLUMN title TO name');
        // Our books know that it has stopped before its workflow does, which refuses until then.
        await eventually(() => post(watched, '/pipelines/facility-operators/resume', { reason: 'the column is back' }));
      },
    },
    {
      what: 'a release of v2 brings a column, and is taken back',
      alerts: [{ name: 'SchemaDrift', labels: { pipeline: 'supply-lines' } }],
      async begin({ system }) {
        await system.v2.query('ALTER TABLE supply_lines ADD COLUMN season text');
        await system.v2.query(`UPDATE supply_lines SET season = 'dry'`);
      },
      async end({ system }) {
        await system.v2.query('ALTER TABLE supply_lines DROP COLUMN season');
        await system.v2.query('UPDATE supply_lines SET modifieddate = now()');
      },
    },
    {
      what: 'somebody writes nonsense into a topic; then no more comes',
      alerts: [{ name: 'QuarantineGrowing', labels: { pipeline: 'product-categories' } }],
      begin: (watched) => writeNonsense(watched, 'public.product_categories'),
      end: async () => undefined,
    },
    {
      what: 'somebody writes a row of ours in v3, which a verification finds; it is put right, and verified again',
      alerts: [{ name: 'VerificationDifference', labels: { pipeline: 'programs' } }],
      async begin(watched) {
        await watched.system.v3.query(`UPDATE referencedata.programs SET name = name || ' (by hand)'`);
        await post(watched, '/pipelines/programs/verify');
      },
      async end(watched) {
        await ended(watched, await post(watched, '/pipelines/programs/mend', { reason: 'by hand' }));
        await post(watched, '/pipelines/programs/verify');
      },
    },
    {
      what: 'nobody has verified a pipeline for long; then somebody does',
      alerts: [{ name: 'VerificationOverdue', labels: { pipeline: 'processing-schedules' } }],
      begin: async () => undefined,
      end: (watched) => post(watched, '/pipelines/processing-schedules/verify'),
    },
    {
      what: 'a figure of a report is written in v3, and put right',
      alerts: [{ name: 'ReportDifference' }],
      async begin(watched) {
        await watched.system.v3.query('UPDATE referencedata.facilities SET active = NOT active');
        await post(watched, '/verification/reports');
      },
      async end(watched) {
        await watched.system.v3.query('UPDATE referencedata.facilities SET active = NOT active');
        await post(watched, '/verification/reports');
      },
    },
    {
      what: "somebody locks the pipeline's row in our books while v2 changes, and lets it go",
      alerts: [{ name: 'PipelineBehind', labels: { pipeline: 'geographic-levels' } }],
      async begin({ system }) {
        const client = await system.v3.connect();
        await client.query('BEGIN');
        await client.query(`SELECT FROM cdc.pipelines WHERE name = 'geographic-levels' FOR UPDATE`);
        release = async () => {
          await client.query('ROLLBACK');
          client.release();
        };
        await system.v2.query(`UPDATE geographic_levels SET name = name || ' (new)'`);
      },
      end: () => release(),
    },
    {
      what: 'a disk fills, and is emptied',
      alerts: [{ name: 'DiskNearlyFull', labels: { mountpoint: disk } }],
      async begin() {
        await mkdir(disk);
        await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
        await writeFile(join(disk, 'much'), Buffer.alloc(3.8 * 1024 ** 2));
      },
      async end() {
        await rm(join(disk, 'much'));
      },
    },
  ];
}

/** One after the other, since each takes something away that others need. */
export const oneByOne: readonly Cause[] = [
  {
    what: 'the connector is stopped while v2 writes much WAL, and resumed',
    alerts: [{ name: 'SlotInactive' }, { name: 'SlotHoldsWal' }, { name: 'NoHeartbeat' }],
    async begin({ system }) {
      await connect(system.stack.connect, 'PUT', '/stop');
      for (let megabytes = 0; megabytes < 64; megabytes += 1)
        await system.v2.query(`SELECT pg_logical_emit_message(false, 'a test', repeat('x', 1024 * 1024))`);
    },
    end: ({ system }) => connect(system.stack.connect, 'PUT', '/resume'),
  },
  {
    what: 'somebody gives the connector a publication that v2 does not have, and takes it back',
    alerts: [{ name: 'ConnectorFailed', labels: { connector: captureNames.connector } }],
    begin: (watched) => nameThePublication(watched, 'no_such_publication'),
    end: (watched) => nameThePublication(watched, captureNames.publication),
  },
  {
    what: 'the worker is killed, while Kafka keeps a table for an hour only, and started again',
    alerts: [
      { name: 'WorkerAbsent' },
      { name: 'TaskQueueBacklog', labels: { type: 'workflow' }, isHidden: true },
      { name: 'RetentionShort', labels: { pipeline: 'product-categories' } },
      { name: 'TargetDown', labels: { job: 'worker-temporal' }, isHidden: true },
    ],
    async begin({ system }) {
      await system.part('worker').kill('SIGKILL');
      await system.v2.query(`UPDATE product_categories SET name = name || ' (new)'`);
    },
    end: ({ system }) => system.part('worker').restart(),
  },
  {
    what: 'an exporter is killed, and started again',
    alerts: [{ name: 'TargetDown', labels: { job: 'host' } }],
    begin: ({ part }) => part('node-exporter').kill('SIGKILL'),
    end: ({ part }) => part('node-exporter').restart(),
  },
];

export async function keepForAnHour({ system }: WatchedSystem, table: string): Promise<void> {
  const admin = kafkaOf(system.stack.kafka).admin();
  await admin.connect();
  try {
    const values = {
      'retention.ms': '3600000',
      'cleanup.policy': 'delete',
      'max.message.bytes': String(16 * 1024 ** 2),
    };
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- an ES module cannot import kafkajs' enum
          type: 2, // a topic, in Kafka's protocol
          name: `${captureNames.topicPrefix}.${table}`,
          configEntries: Object.entries(values).map(([name, value]) => ({ name, value })),
        },
      ],
    });
  } finally {
    await admin.disconnect();
  }
}

export async function writeNonsense({ system }: WatchedSystem, table: string): Promise<void> {
  const producer = kafkaOf(system.stack.kafka).producer();
  await producer.connect();
  try {
    await producer.send({
      topic: `${captureNames.topicPrefix}.${table}`,
      messages: [{ key: null, value: 'this is no JSON' }],
    });
  } finally {
    await producer.disconnect();
  }
}

/** Asks again, for the same, when the API says that it could not ask in time. Returns the id of what it began. */
export async function post({ system }: WatchedSystem, path: string, body: object = {}): Promise<string> {
  const key = randomUUID();
  for (let tries = 1; ; tries += 1) {
    const answer = await fetch(`${system.apiUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
    });
    if (answer.ok) return key;
    if (answer.status !== 503 || tries === 30)
      throw new Error(`POST ${path} answered ${answer.status}: ${await answer.text()}`);
    await sleep(1_000);
  }
}

/** Waits for the end of an operation. It is known a moment after it was accepted. */
async function ended({ system }: WatchedSystem, operation: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${system.apiUrl}/operations/${operation}`);
    if (answer.ok) {
      const { state } = (await answer.json()) as { readonly state: string };
      if (state === 'done') return;
      if (state !== 'running') throw new Error(`The operation ${operation} is ${state}`);
    }
    await sleep(250);
  }
}

async function nameThePublication({ system }: WatchedSystem, publication: string): Promise<void> {
  const { connect: url } = system.stack;
  const config = (await (await fetch(`${url}/connectors/${captureNames.connector}/config`)).json()) as object;
  await connect(url, 'PUT', '/config', { ...config, 'publication.name': publication });
}

async function connect(url: string, method: string, path: string, body?: object): Promise<void> {
  const answer = await fetch(`${url}/connectors/${captureNames.connector}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
}

function kafkaOf(broker: string): Kafka {
  return new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
}
