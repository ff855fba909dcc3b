// The figures of the page, and how Prometheus is asked for them.
import { z } from 'zod';
import { under } from '../../model/web-address.ts';
import type { Series, Span } from './plot.ts';
import type { Unit } from './units.ts';

export interface Chart {
  readonly title: string;
  /** What to think of it. */
  readonly note: string;
  readonly unit: Unit;
  readonly query: string;
  /** The labels that tell series apart; the first that a series has names it. */
  readonly by: readonly string[];
}

export const charts: readonly Chart[] = [
  {
    title: 'Behind Kafka',
    note: 'How long each pipeline has been behind. Seconds are usual under load; an alert comes after a minute.',
    unit: 'seconds',
    query: 'mkondo:lag_seconds',
    by: ['pipeline'],
  },
  {
    title: 'From v2 commit to v3 commit, p99',
    note: 'Of the newest event of each batch. Under a second is what we promise.',
    unit: 'seconds',
    query: 'mkondo:latency_seconds:p99',
    by: ['pipeline'],
  },
  {
    title: 'Change events',
    note: 'Landed or quarantined.',
    unit: 'per second',
    query: 'mkondo:events:rate',
    by: ['pipeline'],
  },
  {
    title: 'Rows written into v3',
    note: 'Inserted, updated or deleted: only what differs.',
    unit: 'per second',
    query: 'mkondo:rows_written:rate',
    by: ['pipeline'],
  },
  {
    title: 'In quarantine',
    note: 'Events and roots that could not be applied. The rest is not held up by them.',
    unit: 'count',
    query: 'mkondo:quarantine_open',
    by: ['pipeline'],
  },
  {
    title: 'Roots to derive',
    note: 'Many after a pause, a reset or a large change; it falls by itself.',
    unit: 'count',
    query: 'max by (pipeline) (mkondo_v3_pipeline_dirty)',
    by: ['pipeline'],
  },
  {
    title: 'WAL that v2 keeps for us',
    note: 'What capture costs eLMIS on its disk. It falls every few seconds while the slot is read.',
    unit: 'bytes',
    query: 'mkondo_v2_slot_retained_bytes',
    by: ['slot'],
  },
  {
    title: 'Debezium behind v2',
    note: 'From a commit in v2 to its event.',
    unit: 'seconds',
    query: 'debezium_millisecondsbehindsource{context="streaming"} / 1000',
    by: ['server'],
  },
  {
    title: 'Oldest task that waits in Temporal',
    note: 'Over a minute: no worker, or all are busy.',
    unit: 'seconds',
    query: 'mkondo:backlog_age_seconds',
    by: ['type'],
  },
  {
    title: 'Processors',
    note: 'Share that each process takes of one processor.',
    unit: 'share',
    query: 'sum by (job) (rate(process_cpu_seconds_total[1m]))',
    by: ['job'],
  },
  {
    title: 'Memory',
    note: 'Resident memory of each process.',
    unit: 'bytes',
    query: 'max by (job) (process_resident_memory_bytes)',
    by: ['job'],
  },
  {
    title: 'Room on disks',
    note: 'An alert comes under a tenth.',
    unit: 'share',
    query: 'mkondo:disk_free:ratio',
    by: ['mountpoint'],
  },
];

export interface Standing {
  /** Pipelines with the number of reasons for doubt, most doubtful first; all of them. */
  readonly pipelines: readonly { readonly pipeline: string; readonly doubts: number }[];
  readonly alerts: readonly { readonly name: string; readonly severity: string; readonly about: string }[];
}

export interface Prometheus {
  /** @throws Error when it does not answer, or not as it should */
  readonly series: (chart: Chart, span: Span) => Promise<readonly Series[]>;
  readonly standing: () => Promise<Standing>;
}

/** So many points are as fine as a screen shows. */
const POINTS = 240;
const PATIENCE_MS = 5_000;

const metric = z.record(z.string(), z.string());
const rangeAnswer = z.object({
  data: z.object({
    result: z.array(z.object({ metric, values: z.array(z.tuple([z.number(), z.string()])) })),
  }),
});
const instantAnswer = z.object({
  data: z.object({ result: z.array(z.object({ metric, value: z.tuple([z.number(), z.string()]) })) }),
});

export function prometheusAt(url: string): Prometheus {
  async function ask(path: string, parameters: Readonly<Record<string, string | number>>): Promise<unknown> {
    const query = new URLSearchParams(
      Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const answer = await fetch(under(url, `api/v1/${path}?${query.toString()}`), {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}`);
    return answer.json();
  }

  async function now(query: string): Promise<z.infer<typeof instantAnswer>['data']['result']> {
    return instantAnswer.parse(await ask('query', { query })).data.result;
  }

  return {
    async series({ query, by }, span) {
      const step = Math.max(1, Math.round((span.toSeconds - span.fromSeconds) / POINTS));
      const answer = rangeAnswer.parse(
        await ask('query_range', { query, start: span.fromSeconds, end: span.toSeconds, step }),
      );
      return answer.data.result.map(({ metric: labels, values }) => ({
        name: by.map((label) => labels[label]).find((value) => value !== undefined) ?? 'all',
        points: withGaps(
          values.map(([seconds, text]) => [seconds, Number(text)] as const),
          step,
        ),
      }));
    },
    async standing() {
      const [doubts, alerts] = await Promise.all([now('mkondo:doubts'), now('ALERTS{alertstate="firing"}')]);
      return {
        pipelines: doubts
          .map(({ metric: { pipeline = '' }, value: [, text] }) => ({ pipeline, doubts: Number(text) }))
          .toSorted((a, b) => b.doubts - a.doubts || a.pipeline.localeCompare(b.pipeline)),
        alerts: alerts.map(({ metric: labels }) => ({
          name: labels['alertname'] ?? '',
          severity: labels['severity'] ?? '',
          about: ['pipeline', 'report', 'connector', 'mountpoint', 'job', 'type']
            .flatMap((label) => labels[label] ?? [])
            .join(', '),
        })),
      };
    },
  };
}

/** Prometheus leaves out what it does not have. */
export function withGaps(points: Series['points'], stepSeconds: number): Series['points'] {
  return points.flatMap(([seconds, value], index) => {
    const before = points[index - 1];
    return before !== undefined && seconds - before[0] > stepSeconds * 1.5
      ? [[before[0] + stepSeconds, Number.NaN] as const, [seconds, value] as const]
      : [[seconds, value] as const];
  });
}
