import { expect, test } from 'vitest';
import { renderDetails } from './details.ts';
import * as remember from './memory.ts';
import { statusOf } from './status.ts';

const nowMs = Date.parse('2026-01-31T12:00:00.000Z');
const paused = remember.heard(
  remember.emptyMemory,
  {
    mode: 'paused',
    reason: 'stock count | all regions',
    by: 'Asha',
    since: '2026-01-31T11:00:00.000Z',
    stop: null,
    applied: { 'elmis.public.products/0': 5 },
    lastEventAt: '2026-01-31T11:59:59.000Z',
    dirty: 3,
    waiting: 1,
    quarantined: 2,
    retryInMs: null,
    operation: null,
  },
  nowMs,
);

test('says the state, since when, by whom, why, and what can be done', () => {
  const details = renderDetails(
    statusOf('products', remember.claimedTo(paused, { 'elmis.public.products/0': 9 }, nowMs), nowMs),
  );
  expect(details).toContain('### paused since 2026-01-31 11:00:00Z by Asha: stock count | all regions');
  expect(details).toContain('- **not landed yet**: 4 events, the oldest waits for 0 s');
  expect(details).toContain('- **not in v3 yet**: 3 roots; 1 of them wait for a parent or a later try');
  expect(details).toContain('- **in quarantine**: 2');
  expect(details).toContain('- **newest change**: 2026-01-31 11:59:59Z');
  expect(details).toContain('- elmis.public.products/0: 5 of 9');
  expect(details).toContain('**What you can do**: `resume`');
});

test('names what of the schemas is not as expected, and how much more there is', () => {
  const drift = { count: 4, first: ['v3 referencedata.programs.code: missing (text expected)'] };
  const seen = remember.heard(paused, { ...(paused.state as NonNullable<typeof paused.state>), drift }, nowMs);
  expect(renderDetails(statusOf('products', seen, nowMs))).toContain(
    '- **schemas**: v3 referencedata.programs.code: missing (text expected); 3 more: `GET /drift`',
  );
  expect(renderDetails(statusOf('products', paused, nowMs))).not.toContain('schemas');
});

test('an experiment beside it is named, with what it waits for', () => {
  const { state } = paused;
  const beside = (experiment: NonNullable<typeof state>['experiment']) =>
    renderDetails(
      statusOf(
        'products',
        { ...paused, state: state === null ? null : { ...state, experiment: experiment ?? null } },
        nowMs,
      ),
    );
  expect(beside({ id: 'ab12', change: 'code-before-name', state: 'finished' })).toContain(
    '**An experiment with the change code-before-name** waits for `promote` or `discard` (workflow `pipeline/products/experiment/ab12`)',
  );
  expect(beside({ id: 'ab12', change: null, state: 'running' })).toContain(
    '**An experiment with the deployed transformation** looks at every root',
  );
  expect(beside(null)).not.toContain('experiment');
});

test('while an apply is under way, says what was known when it began', () => {
  const claimed = remember.claimedTo(paused, { 'elmis.public.products/0': 6 }, nowMs);
  const busy = remember.claimedTo(remember.applyBegan(claimed, nowMs), { 'elmis.public.products/0': 60 }, nowMs);
  const details = renderDetails(statusOf('products', busy, nowMs));
  expect(details).toContain('- **not landed yet**: 1 event when the apply under way began');
  expect(details).toContain('An apply is under way since 2026-01-31 12:00:00Z');
});

test('an apply that is tried again and again is shown with what the pipeline is meant to be', () => {
  const stuck = remember.applyBegan(paused, nowMs - 600_000);
  const details = renderDetails(statusOf('products', stuck, nowMs));
  expect(details).toContain('### retrying since 2026-01-31 11:50:00Z');
  expect(details).toContain('meant to be **paused** since 2026-01-31 11:00:00Z by Asha: stock count | all regions');
  expect(details).not.toContain('within about a minute');
  const behind = remember.claimedTo(stuck, { 'elmis.public.products/0': 9 }, nowMs - 60_000);
  expect(renderDetails(statusOf('products', behind, nowMs))).toContain(
    '- **not landed yet**: 4 events, the oldest waits for 60 s',
  );
});

test('an operation stands on lines of its own, whatever its reason holds', () => {
  const refused = {
    id: '1',
    name: 'pause',
    reason: 'a | b\nc',
    by: 'x',
    via: 'signal',
    state: 'refused',
    answer: 'no',
    at: '2026-01-31T12:00:00.000Z',
  } as const;
  expect(renderDetails(statusOf('products', remember.recorded(paused, refused), nowMs))).toContain(
    '- 2026-01-31 12:00:00Z **pause refused**, by x: a | b c\\\n  no',
  );
});

test('shows a failure with its advice and where to read on', () => {
  const failing = remember.applyFailed(
    paused,
    { code: 'SCHEMA_DRIFT', message: 'products.code is gone', advice: 'Mend the mapping.' },
    nowMs,
  );
  const details = renderDetails(statusOf('products', failing, nowMs));
  expect(details).toContain('(1 time), SCHEMA_DRIFT: products.code is gone');
  expect(details).toContain('Mend the mapping. Tried again at 2026-01-31 12:00:05Z; docs/errors.md, SCHEMA_DRIFT.');
});

test('stays under what the server takes, whatever people write', () => {
  const long = 'x'.repeat(10_000);
  let memory = remember.heard(paused, { ...paused.state!, reason: long, by: long, applied: positions(500) }, nowMs);
  for (let index = 0; index < 20; index += 1) {
    memory = remember.recorded(memory, {
      id: String(index),
      name: long,
      reason: long,
      by: long,
      via: 'signal',
      state: 'refused',
      answer: long,
      at: '2026-01-31T12:00:00.000Z',
    });
  }
  memory = remember.applyFailed(memory, { code: 'SCHEMA_DRIFT', message: long, advice: long }, nowMs);
  expect(Buffer.byteLength(renderDetails(statusOf('products', memory, nowMs)))).toBeLessThan(20_000);
});

function positions(count: number): Record<string, number> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`elmis.public.a_table_with_a_long_name_${index}/0`, index]),
  );
}

test('says what the last batches did', () => {
  const begun = remember.applyBegan(paused, nowMs - 1_000);
  const counts = { events: 3, landed: 3, derived: 1, written: 4, quarantined: 0 };
  const state = paused.state as NonNullable<typeof paused.state>;
  const ended = remember.applyEnded(begun, { result: { ...state, counts }, nowMs });
  const sentence = '- **last batches**: 2026-01-31 12:00:00Z: 3 events, 1 root derived, 4 v3 rows written';
  expect(renderDetails(statusOf('products', ended, nowMs))).toContain(sentence);
  // One that brings nothing is not worth telling.
  const idle = { ...state, counts: { ...counts, events: 0, derived: 0, written: 0 } };
  const later = remember.applyEnded(remember.applyBegan(ended, nowMs), { result: idle, nowMs: nowMs + 1_000 });
  expect(renderDetails(statusOf('products', later, nowMs))).toContain(sentence);
});

test('a pause that ends by itself says when', () => {
  const until = '2026-01-31T14:00:00.000Z';
  const memory = { ...paused, state: { ...(paused.state as NonNullable<typeof paused.state>), until } };
  const details = renderDetails(statusOf('products', memory, nowMs));
  expect(details).toContain('### paused since 2026-01-31 11:00:00Z until 2026-01-31 14:00:00Z by Asha');
  expect(details).toContain('It resumes by itself then.');
});

test('what Kafka keeps is shown while landing stands still, and not while it only lags', () => {
  const retention = { until: '2026-02-03T12:00:00.000Z', topic: 'elmis.public.products' };
  const behind = { ...remember.claimedTo(paused, { 'elmis.public.products/0': 9 }, nowMs), retention };
  const sentence = '**Kafka keeps what has not landed (4 events) until 2026-02-03 12:00:00Z**';
  expect(renderDetails(statusOf('products', behind, nowMs))).not.toContain(sentence);
  const failing = {
    ...behind,
    state: { ...(paused.state as NonNullable<typeof paused.state>), mode: 'running' as const },
  };
  const failed = remember.applyFailed(failing, { code: 'SCHEMA_DRIFT', message: 'gone', advice: '' }, nowMs);
  expect(renderDetails(statusOf('products', failed, nowMs))).toContain(sentence);
});

test('leads on to where it is configured', () => {
  const state = paused.state as NonNullable<typeof paused.state>;
  const details = (links: NonNullable<typeof state.links>): string =>
    renderDetails(statusOf('products', { ...paused, state: { ...state, links } }, nowMs));
  expect(details({})).not.toContain('Elsewhere');
  expect(details({ api: 'http://api/pipelines/products', dashboard: 'http://grafana' })).toContain(
    '**Elsewhere**: [API](http://api/pipelines/products) · [quarantine](http://api/pipelines/products/quarantine) · [dashboard](http://grafana)',
  );
});
