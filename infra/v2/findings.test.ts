import { describe, expect, test } from 'vitest';
import { judge } from './findings.ts';
import type { Finding } from './findings.ts';
import type { TableFacts, V2Facts } from './inspect.ts';

const names = { role: 'reader', publication: 'mkondo', slot: 'mkondo' };

const products: TableFacts = {
  table: 'public.products',
  exists: true,
  logged: true,
  identity: 'primary key',
  identityColumns: ['id'],
  primaryKeyIsDeferrable: false,
  candidates: [{ index: 'products_pkey', columns: ['id'] }],
  roleMaySelect: true,
  roleMayWrite: false,
};

/** A v2 with nothing to complain of. */
const readyV2: V2Facts = {
  server: { version: 150_004, walLevel: 'logical', freeSlots: 3, freeWalSenders: 3, maxSlotWalMb: 8192 },
  tables: [products],
  role: { login: true, replication: true, superuser: false },
  publication: {
    allTables: false,
    publishes: { insert: true, update: true, delete: true, truncate: true },
    tables: ['public.products'],
  },
  slot: undefined,
  datesBeforeChrist: [],
};

function complaints(facts: Partial<V2Facts>, declaredKeys = new Map<string, readonly string[]>()): readonly Finding[] {
  return judge({ ...readyV2, ...facts }, { names, declaredKeys }).filter(({ severity }) => severity !== 'ok');
}

function withTable(change: Partial<TableFacts>): Partial<V2Facts> {
  return { tables: [{ ...products, ...change }] };
}

function withServer(change: Partial<V2Facts['server']>): Partial<V2Facts> {
  return { server: { ...readyV2.server, ...change } };
}

describe('the preflight', () => {
  test('has nothing to say to a v2 that is ready', () => {
    expect(complaints({})).toEqual([]);
  });

  const refusals: readonly (readonly [string, Partial<V2Facts>, RegExp])[] = [
    ['wal_level', withServer({ walLevel: 'replica' }), /wal_level is replica/],
    ['a slot without limit', withServer({ maxSlotWalMb: -1 }), /fills the disk/],
    ['no free slot', withServer({ freeSlots: 0 }), /no replication slot is free/],
    ['no free sender', withServer({ freeWalSenders: 0 }), /no WAL sender is free/],
    ['a server before pgoutput', withServer({ version: 90_624 }), /no pgoutput/],
    ['a missing table', withTable({ exists: false, identity: 'none' }), /does not exist/],
    ['an unlogged table', withTable({ logged: false }), /unlogged/],
    ['no identity', withTable({ identity: 'none', identityColumns: null }), /no usable replica identity/],
    ['no role', { role: undefined }, /role reader does not exist/],
    ['a role that cannot stream', { role: { login: true, replication: false, superuser: false } }, /stream the log/],
    ['a table that the role cannot read', withTable({ roleMaySelect: false }), /may not read public.products/],
    ['no publication', { publication: undefined }, /publication mkondo does not exist/],
    ['a lost slot', { slot: { plugin: 'pgoutput', database: 'elmis', active: false, walStatus: 'lost' } }, /is lost/],
    [
      'a slot of another plug-in',
      { slot: { plugin: 'wal2json', database: 'elmis', active: true, walStatus: 'reserved' } },
      /wal2json/,
    ],
  ];

  test.each(refusals)('refuses %s, and says what to do', (_, facts, message) => {
    const [first, ...others] = complaints(facts);
    expect(first).toMatchObject({
      severity: 'refuse',
      what: expect.stringMatching(message),
      advice: expect.stringMatching(/\S/),
    });
    expect(others).toEqual([]);
  });

  test('does not ask for a free slot once our slot is there', () => {
    const slot = { plugin: 'pgoutput', database: 'elmis', active: true, walStatus: 'reserved' };
    expect(complaints({ ...withServer({ freeSlots: 0, freeWalSenders: 0 }), slot })).toEqual([]);
  });

  test('tells a deferrable primary key from none at all', () => {
    const facts = withTable({ identity: 'none', identityColumns: null, primaryKeyIsDeferrable: true });
    expect(complaints(facts)[0]?.what).toContain('a deferrable primary key is none');
  });

  test('proposes the unique index over the key that the pipeline declares, not just any', () => {
    const facts = withTable({
      identity: 'none',
      identityColumns: null,
      candidates: [
        { index: 'by_description', columns: ['description'] },
        { index: 'by_name', columns: ['name'] },
      ],
    });
    expect(complaints(facts, new Map([['public.products', ['name']]]))[0]?.advice).toContain('USING INDEX "by_name"');
  });

  test('refuses an identity over other columns than the declared key: deletes would lose it', () => {
    const facts = withTable({ identity: 'index', identityColumns: ['description'] });
    expect(complaints(facts, new Map([['public.products', ['name']]]))[0]?.what).toContain(
      'name description, not the key name',
    );
  });

  test('refuses a publication of all tables: it breaks updates in v2', () => {
    const publication = {
      allTables: true,
      publishes: { insert: true, update: true, delete: true, truncate: true },
      tables: [],
    };
    expect(complaints({ publication })).toMatchObject([
      { severity: 'refuse', what: expect.stringContaining('FOR ALL TABLES') },
    ]);
  });

  test('refuses a publication that leaves out tables or operations, and warns of tables that nobody reads', () => {
    const publication = {
      allTables: false,
      publishes: { insert: true, update: true, delete: true, truncate: false },
      tables: ['public.sms'],
    };
    expect(complaints({ publication }).map(({ severity, what }) => `${severity}: ${what}`)).toEqual([
      'refuse: mkondo does not publish public.products',
      'warn: mkondo publishes public.sms, which no pipeline reads',
      'refuse: mkondo leaves out truncate',
    ]);
  });

  test('warns of dates that a snapshot would change', () => {
    expect(complaints({ datesBeforeChrist: ['public.facilities.golivedate'] })).toMatchObject([{ severity: 'warn' }]);
  });

  test('warns of a role that may do more than read', () => {
    expect(complaints({ role: { login: true, replication: true, superuser: true } })).toMatchObject([
      { severity: 'warn' },
    ]);
    expect(complaints(withTable({ roleMayWrite: true }))).toMatchObject([{ severity: 'warn' }]);
  });
});
