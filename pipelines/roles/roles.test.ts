import { expect, test } from 'vitest';
import { deriveExample, id } from '../example.ts';
import { examples } from './examples.ts';
import { roles } from './roles.ts';

const [, { root }] = examples as [unknown, (typeof examples)[number]];

test('a right that nobody knows is refused by name: to leave it out would change what users may do', () => {
  const rights = [...root.rights, { rightname: 'FLY', right: { righttype: 'ADMIN' } }];
  expect(() => deriveExample(roles, { ...root, rights })).toThrow(/nobody here knows: FLY/);
});

test('a right of which v2’s row has not landed makes the role wait: its reference leads nowhere', () => {
  const { rows } = deriveExample(roles, { ...root, rights: [{ rightname: 'FLY', right: null }] });
  expect(rows.rights).toEqual([{ roleid: id('roles', 2), rightid: id('rights', 'FLY', 'not landed') }]);
});
