import { expect, test } from 'vitest';
import { readWhile } from './read-while.ts';

test('gives what was seen while the work was done', async () => {
  let done = 0;
  const seen = await readWhile(
    () => Promise.resolve(done),
    async () => {
      for (done = 1; done < 3; done += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    },
  );
  expect(seen.length).toBeGreaterThan(0);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
});

test('work that fails is what is told, and nothing is read after it', async () => {
  let isClosed = false;
  let readsAfterClose = 0;
  const read = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (isClosed) readsAfterClose += 1;
  };
  await expect(readWhile(read, () => Promise.reject(new Error('the real failure')))).rejects.toThrow(
    'the real failure',
  );
  isClosed = true;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(readsAfterClose).toBe(0);
});

test('work that fails is what is told, though the reader failed as well', async () => {
  const read = (): Promise<never> => Promise.reject(new Error('Cannot use a pool after calling end'));
  await expect(readWhile(read, () => Promise.reject(new Error('the real failure')))).rejects.toThrow(
    'the real failure',
  );
});

test('a read that fails fails the test, though the work went well', async () => {
  await expect(
    readWhile(
      () => Promise.reject(new Error('a row is missing')),
      () => Promise.resolve(),
    ),
  ).rejects.toThrow('a row is missing');
});
