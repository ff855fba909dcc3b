// What the command line writes: the table, the bars, and lines that change in place.
import { expect, test } from 'vitest';
import { refusalOf } from './api-client.ts';
import type { OperationView, PipelineView } from './api-client.ts';
import { createScreen } from './output.ts';
import { milestone, progressLine } from './progress.ts';
import { statusTable } from './status-table.ts';
import { cut, duration, renderTable } from './table.ts';

const nowMs = Date.parse('2026-01-31T12:00:00Z');
const running: PipelineView = {
  name: 'products',
  mode: 'running',
  reason: '',
  by: 'system',
  since: '2026-01-31T11:00:00Z',
  until: null,
  stop: null,
  lag: { events: 0, seconds: 0 },
  retention: { until: '2026-05-01T00:00:00Z', topic: 't' },
  lastEventAt: '2026-01-31T11:59:30Z',
  dirty: 0,
  waiting: 0,
  quarantined: 0,
};

function lines(...pipelines: readonly PipelineView[]): readonly string[] {
  return statusTable(pipelines, { columns: 200, nowMs }).map(({ text }) => text);
}

test('a pipeline that is well takes little ink', () => {
  expect(lines(running)).toEqual([
    'PIPELINE  STATE    LAG  EVENTS  DUE  WAITING  QUARANTINE    NEWEST  WHY',
    'products  running    -       -    -        -           -  30 s ago',
    '1 pipelines: 1 running; 0 in quarantine',
  ]);
});

test('says how long a pause lasts, why a pipeline stands, and what Kafka forgets soon', () => {
  const paused = { ...running, mode: 'paused', until: '2026-01-31T13:30:00Z', by: 'Asha', reason: 'stock count' };
  expect(lines(paused)[1]).toContain('paused, 1 h 30 min left');
  expect(lines(paused)[1]).toContain('since 2026-01-31 11:00Z by Asha: stock count');
  const drifted = {
    ...running,
    mode: 'drifted',
    stop: { code: 'SCHEMA_DRIFT', message: 'products.code is gone' },
    lag: { events: 1_200, seconds: 400 },
    retention: { until: '2026-02-01T13:00:00Z', topic: 't' },
  };
  expect(lines(drifted)[1]).toMatch(
    /6 min +1,200 .*Kafka keeps it for 1 d 1 h more; SCHEMA_DRIFT: products.code is gone/,
  );
  expect(lines({ ...running, mode: null, lag: null })[1]).toMatch(/not begun +\?/);
});

test('a table is as wide as the terminal', () => {
  const columns = [{ title: 'A' }, { title: 'B', align: 'right' }, { title: 'C' }] as const;
  expect(
    renderTable(
      columns,
      [
        ['one', '1', 'a long reason'],
        ['x', '100', ''],
      ],
      14,
    ),
  ).toEqual(['A      B  C', 'one    1  a l…', 'x    100']);
  expect(cut('abc', 3)).toBe('abc');
});

test.each([
  [8.4, '8 s'],
  [90, '1 min'],
  [3_600, '1 h'],
  [100_000, '1 d 3 h'],
])('%f seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

const operation: OperationView = {
  id: '1',
  name: 'reset',
  state: 'running',
  reason: 'x',
  by: 'Asha',
  answer: '',
  progress: { step: 'derive', done: 999, total: 1_000 },
  requestedAt: '2026-01-31T11:00:00Z',
};

test('a bar is full when all is done, and not before', () => {
  const line = progressLine({ pipeline: 'lots', operation }, 200);
  expect(line).toBe('lots  [########################]  99%  reset: derives roots, 999 of 1,000');
  const half = { ...operation, progress: { step: 'clear', done: 1, total: 2 } };
  expect(progressLine({ pipeline: 'lots', operation: half }, 200)).toContain('[############............]  50%');
  const done = { ...operation, state: 'done', answer: 'All derived.' };
  expect(progressLine({ pipeline: 'lots', operation: done }, 200)).toBe('lots  reset done: All derived.');
  expect(progressLine({ pipeline: 'lots', operation: null }, 200)).toBe('lots  begins');
});

test('where lines stay, another tenth or another step is worth a line', () => {
  const at = (done: number, step = 'derive'): string =>
    milestone({ pipeline: 'lots', operation: { ...operation, progress: { step, done, total: 100 } } });
  expect(at(11)).toBe(at(19));
  expect(at(19)).not.toBe(at(20));
  expect(at(19, 'clear')).not.toBe(at(19));
});

test('lines are written anew on a terminal, and one below the other elsewhere', () => {
  const written = (isTerminal: boolean): string => {
    let text = '';
    const screen = createScreen({
      isTerminal,
      columns: 80,
      hasColour: false,
      write: (more) => (text += more),
      complain: () => undefined,
    });
    screen.show(['one', 'two']);
    screen.show(['three']);
    return text.replaceAll('\u001B', '^');
  };
  expect(written(true)).toBe('one^[K\ntwo^[K\n^[J^[2Athree^[K\n^[J');
  expect(written(false)).toBe('one\ntwo\nthree\n');
});

test.each([
  [400, 2],
  [401, 4],
  [403, 4],
  [404, 2],
  [409, 3],
  [500, 5],
  [503, 5],
])('the answer %i ends the command with %i', (status, exitCode) => {
  const problem = { code: 'OPERATION_REFUSED', detail: 'it is paused', advice: 'Resume it.' };
  expect(refusalOf(status, problem)).toMatchObject({
    exitCode,
    message: 'it is paused\nResume it. (OPERATION_REFUSED)',
  });
  expect(refusalOf(status, '<html>')).toMatchObject({ exitCode });
});
