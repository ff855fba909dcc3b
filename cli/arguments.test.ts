import { expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';
import type { CommandError } from './exit-codes.ts';

const parse = (line: string): ReturnType<typeof parseArguments> =>
  parseArguments(line.split(' ').map((word) => word.replaceAll('_', ' ')));

test('an operation asks for its pipelines, with its reason', () => {
  expect(parse('pause products lots products --reason stock_count --by Asha --for 8h')).toMatchObject({
    name: 'operate',
    operation: 'pause',
    pipelines: ['products', 'lots'],
    body: { reason: 'stock count', by: 'Asha', for: '8h' },
    wait: true,
  });
  expect(parse('reset --all --reason x --no-wait --json')).toMatchObject({ pipelines: 'all', wait: false, json: true });
  expect(parse('quarantine lots --retry --reason mended')).toMatchObject({
    operation: 'retryQuarantined',
    pipelines: ['lots'],
  });
});

test.each([
  ['elmis.public.products/0@1200', { topic: 'elmis.public.products', partition: 0, offset: 1200 }],
  ['2026-01-31T00:00:00Z', '2026-01-31T00:00:00Z'],
])('a replay begins at %s', (from, body) => {
  expect(parse(`replay products --reason x --from ${from}`)).toMatchObject({ body: { from: body } });
});

test('status looks once, again, or as the terminal has it', () => {
  expect(parse('status')).toMatchObject({ name: 'status', pipelines: [], every: null, once: false });
  expect(parse('status --watch')).toMatchObject({ every: 2 });
  expect(parse('status --watch=5 products')).toMatchObject({ every: 5, pipelines: ['products'] });
  expect(parse('status --once --api http://api')).toMatchObject({ once: true, api: 'http://api' });
});

test('a row is explained, with the parts that it is about or whole', () => {
  expect(parse('explain products 1')).toMatchObject({ name: 'explain', table: 'products', key: '1', whole: false });
  expect(parse('explain products 1 --whole')).toMatchObject({ whole: true });
});

test('an experiment is started, looked at and decided on', () => {
  expect(parse('experiment')).toMatchObject({ name: 'experiment', act: 'list' });
  expect(parse('experiment start products --with deployed --reason x --share 0.5 --no-wait')).toMatchObject({
    act: 'start',
    pipeline: 'products',
    change: null,
    share: 0.5,
    wait: false,
  });
  expect(parse('experiment promote ab12 --reason it_is_right --despite-failures')).toMatchObject({
    act: 'promote',
    id: 'ab12',
    reason: 'it is right',
    despiteFailures: true,
  });
  for (const line of [
    'experiment start products --reason x',
    'experiment promote ab12',
    'experiment start',
    'experiment eat x',
  ])
    expect(() => parse(line)).toThrow(/mkondo help/);
});

test('a figure is named by its report and the columns of its group', () => {
  expect(parse('figure')).toMatchObject({ name: 'figure', report: null });
  expect(parse('figure orders program=tb period=May-Jun_2026 status= --limit 5')).toMatchObject({
    report: 'orders',
    group: { program: 'tb', period: 'May-Jun 2026', status: '' },
    limit: 5,
  });
});

test('help is what is typed by whoever knows nothing', () => {
  for (const line of ['help', '--help', 'pause -h']) expect(parse(line)).toMatchObject({ name: 'help' });
  expect(parseArguments([])).toMatchObject({ name: 'help' });
});

test('of the quarantine some is shown, tried again or discarded', () => {
  expect(parse('quarantine lots --state discarded --code X --root 7')).toMatchObject({
    name: 'quarantine',
    filter: { limit: '50', state: 'discarded', code: 'X', root: '7' },
  });
  expect(parse('quarantine lots --retry --reason x --source public.lots')).toMatchObject({
    operation: 'retryQuarantined',
    body: { only: { source: 'public.lots' } },
  });
  expect(parse('quarantine lots --discard --reason x --root 7 --root 8 --entry 12')).toMatchObject({
    operation: 'discard',
    body: { only: { roots: ['7', '8'], ids: ['12'] } },
  });
  expect(parse('quarantine lots --discard --reason x --everything')).toMatchObject({ body: { only: 'everything' } });
});

test('an operation is cancelled by its id, with a reason', () => {
  expect(parse('cancel ab-12 --reason wrong_pipeline --by Asha')).toMatchObject({
    name: 'cancel',
    id: 'ab-12',
    body: { reason: 'wrong pipeline', by: 'Asha' },
  });
});

test('events are followed, of one pipeline or all, from one on', () => {
  expect(parse('events')).toMatchObject({ name: 'events', pipeline: null, after: null });
  expect(parse('events lots --after 12-7')).toMatchObject({ pipeline: 'lots', after: '12-7' });
});

test.each([
  ['events lots products', 'one pipeline at most'],
  ['cancel ab-12', 'cancel needs --reason'],
  ['cancel --reason x', 'takes the id of one operation'],
  ['frobnicate', "There is no command 'frobnicate'"],
  ['pause products', 'pause needs --reason'],
  ['pause --reason x', 'pause of which pipeline?'],
  ['pause products --all --reason x', 'not both'],
  ['pause products lots --reason x --id 1', 'an id is one operation'],
  ['resume products --reason x --for 8h', 'resume takes no --for'],
  ['replay products --reason x', 'replay needs --from'],
  ['status --watch=0', '--watch takes seconds'],
  ['status --frob', "Unknown option '--frob'"],
  ['verify products --against v1', "'landing' or 'v2'"],
  ['quarantine', 'takes one pipeline'],
  ['quarantine lots --discard --reason x', 'discard which?'],
  ['quarantine lots --discard --reason x --everything --code Y', 'not both'],
  ['quarantine lots --discard --retry --reason x', 'not both'],
  ['quarantine lots --entry 7', 'no --entry'],
  ['quarantine lots --limit many', '--limit is a whole number'],
  ['explain products', 'takes a table and a key'],
  ['figure orders tb', "column=value after the report's name, not 'tb'"],
])('`%s` is not understood, and it says why', (line, message) => {
  expect(() => parse(line)).toThrow(expect.objectContaining({ exitCode: 2 }) as CommandError);
  expect(() => parse(line)).toThrow(message);
});
