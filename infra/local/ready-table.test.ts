import { expect, test } from 'vitest';
import { readyTable } from './ready-table.ts';

test('columns stand under each other, whatever their width', () => {
  const table = readyTable([
    { part: 'v2', url: 'postgresql://127.0.0.1:15432/elmis', state: 'ready' },
    { part: 'temporal UI', url: 'http://127.0.0.1:18233', state: 'ready' },
  ]);
  const ends = table.split('\n').map((line) => line.search(/(STATE|ready)$/));
  expect(new Set(ends).size).toBe(1);
});
