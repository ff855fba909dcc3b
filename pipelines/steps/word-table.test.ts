import { expect, test } from 'vitest';
import { wordTable } from './word-table.ts';

const translate = wordTable('requisition status', { RELEASED_NO_ORDER: 'RELEASED_WITHOUT_ORDER' });

test('a known word is translated', () => {
  expect(translate('RELEASED_NO_ORDER')).toBe('RELEASED_WITHOUT_ORDER');
});

test('an unknown word is an error that names it, never passed on', () => {
  expect(() => translate('LOST')).toThrow("v2's requisition status holds 'LOST'");
  expect(() => translate('constructor')).toThrow(expect.objectContaining({ code: 'DERIVE_FAILED' }));
});
