import { expect, test } from 'vitest';
import { extraData } from './extra-data.ts';

test('keeps what is there, in the order given', () => {
  const data = extraData({ b: false, a: '', none: null, zero: 0 });
  expect(JSON.stringify(data)).toBe('{"b":false,"a":"","zero":0}');
});

test('is NULL when nothing is there', () => {
  expect(extraData({ a: null })).toBeNull();
});
