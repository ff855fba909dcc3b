// What every pipeline has to keep. A rule looks at one pipeline and its examples, and names each fault in a sentence; no
// rule knows a pipeline by name. rules.test.ts shows that each of them bites.
import { v2Tables } from '../../pipelines/catalog/v2.ts';
import { v3Tables } from '../../pipelines/catalog/v3.ts';
import type { WritableTableCatalog } from '../../pipelines/catalog/types.ts';
import type { Join, SourceNode, Target } from '../../pipelines/definition.ts';
import { deriveExample } from '../../pipelines/example.ts';
import type { AnyExample, PipelineWithExamples, Row, Rows } from './examples.ts';

type Rule = (subject: PipelineWithExamples) => readonly string[];

/** Title -> rule. */
export const rules: Readonly<Record<string, Rule>> = {
  'reads v2 columns that exist, by a key that v2 has': ({ pipeline }) =>
    nodesOf(pipeline.root).flatMap(({ node }) => {
      const { columns, primaryKey } = v2Tables[node.table];
      return [
        lacking(node.table, columns, [...node.columns, ...node.key]),
        faultIf(primaryKey.length > 0 && node.key.join() !== primaryKey.join(), `${node.table} has another key in v2`),
        faultIf(node.key.length === 0, `${node.table} is read without a key`),
        faultIf(node.columns.length === 0, `${node.table} is read without a column`),
        faultIf(new Set(node.columns).size < node.columns.length, `${node.table} names a column twice`),
      ].flat();
    }),

  'joins by columns that exist, to values that its tree holds by then': ({ pipeline }) =>
    nodesOf(pipeline.root).flatMap(({ node, parent, path }) =>
      parent === undefined
        ? []
        : Object.entries((node as Join).on).flatMap(([column, from]) =>
            [
              lacking(node.table, v2Tables[node.table].columns, [column]),
              from.includes('.')
                ? faultsOfPath(pipeline.root, { from, before: path[0] })
                : lacking(parent.table, v2Tables[parent.table].columns, [from]),
            ].flat(),
          ),
    ),

  'owns v3 columns that exist, under keys by which v3 tells rows apart': ({ pipeline }) =>
    Object.values(pipeline.owns).flatMap((target) => {
      const { columns, primaryKey, uniques } = catalogOf(target);
      const keys = [primaryKey, ...uniques.map((unique) => ('columns' in unique ? unique.columns : []))].map(sorted);
      return [
        lacking(target.table, columns, [...target.key, ...(target.adopt === null ? [] : [target.adopt])]),
        faultIf(
          !target.bag && !keys.includes(sorted(target.key)),
          `${target.table} is owned by (${target.key.join()}), which is no key of it`,
        ),
      ].flat();
    }),

  'declares every foreign key that leads out of it as a reference': ({ pipeline, examples }) =>
    Object.entries(pipeline.owns).flatMap(([name, target]) => {
      const own = new Set<string>(Object.values(pipeline.owns).map(({ table }) => table));
      const written = new Set(rowsOf(examples, name).flatMap((row) => Object.keys(row)));
      const declared = new Set(target.references.map(describeReference));
      return catalogOf(target)
        .foreignKeys.filter(({ table }) => !own.has(table) || table === target.table)
        .filter(({ columns }) => columns.every((column) => written.has(column)))
        .map(describeReference)
        .filter((key) => !declared.has(key))
        .map((key) => `${target.table} has no reference ${key}`);
    }),

  'refers from columns that exist to columns that exist': ({ pipeline }) =>
    Object.values(pipeline.owns).flatMap((target) =>
      target.references.flatMap(({ columns, table, key }) =>
        [
          lacking(target.table, catalogOf(target).columns, columns),
          lacking(table, v3Tables[table].columns, key),
          faultIf(columns.length !== key.length, `${target.table} refers to ${table} by keys of different lengths`),
        ].flat(),
      ),
    ),

  'has children after their parents among its own tables, so that v3 takes rows in this order': ({ pipeline }) => {
    const order: readonly string[] = Object.values(pipeline.owns).map(({ table }) => table);
    return Object.values(pipeline.owns).flatMap((target) =>
      catalogOf(target)
        .foreignKeys.filter(({ table }) => table !== target.table)
        .filter(({ table }) => order.indexOf(table) > order.indexOf(target.table))
        .map(({ table }) => `${target.table} stands before its parent ${table}`),
    );
  },

  'has examples, which fill every table that it owns': ({ pipeline, examples }) =>
    Object.keys(pipeline.owns)
      .filter((name) => rowsOf(examples, name).length === 0)
      .map((name) => `No example has rows of '${name}'`),

  'gives all rows of a table the same columns in the same order': ({ pipeline, examples }) =>
    Object.keys(pipeline.owns).flatMap((name) => {
      const shapes = new Set(derivedRows({ pipeline, examples }, name).map((row) => Object.keys(row).join(', ')));
      return faultIf(shapes.size > 1, `'${name}' has rows of different columns: ${[...shapes].join(' / ')}`);
    }),

  'gives rows that v3 can hold: tables that it owns, columns that exist, the required ones filled': (subject) =>
    subject.examples.flatMap((example) =>
      Object.entries(derived(subject, example)).flatMap(([name, rows]) => {
        const target = subject.pipeline.owns[name];
        if (target === undefined) return [`'${name}' is derived, but not owned`];
        const { columns, required } = catalogOf(target);
        return rows.flatMap((row) =>
          [
            lacking(target.table, columns, Object.keys(row)),
            [...required, ...target.key]
              .filter((column) => (row[column] ?? null) === null)
              .map((column) => `${target.table}.${column} is not filled`),
            faultIf(Object.values(row).includes(undefined), `A row of ${target.table} has an undefined value`),
          ].flat(),
        );
      }),
    ),

  'gives rows that v3 can tell apart': (subject) =>
    Object.entries(subject.pipeline.owns)
      .filter(([, target]) => !target.bag)
      .flatMap(([name, target]) => {
        const keys = derivedRows(subject, name).map((row) => target.key.map((column) => row[column]).join());
        return faultIf(new Set(keys).size < keys.length, `${target.table} has a key twice`);
      }),

  'derives the same twice, and leaves its input as it was': (subject) =>
    subject.examples.flatMap((example) => {
      const root = structuredClone(example.root);
      const once = JSON.stringify(deriveExample(subject.pipeline, root as never));
      const twice = JSON.stringify(deriveExample(subject.pipeline, root as never));
      return [
        faultIf(once !== twice, `'${example.title}' does not derive the same twice`),
        faultIf(JSON.stringify(root) !== JSON.stringify(example.root), `'${example.title}' was changed by derive`),
      ].flat();
    }),

  'has examples that are trees of just the declared columns': ({ pipeline, examples }) =>
    examples.flatMap(({ root, title }) => faultsOfShape(root, pipeline.root).map((fault) => `'${title}': ${fault}`)),
};

interface Place {
  readonly node: SourceNode;
  readonly parent: SourceNode | undefined;
  /** Names of the joins from the root to here. */
  readonly path: readonly string[];
}

function nodesOf(node: SourceNode, parent?: SourceNode, path: readonly string[] = []): readonly Place[] {
  const below = Object.entries(node.joins).flatMap(([name, join]) => nodesOf(join, node, [...path, name]));
  return [{ node, parent, path }, ...below];
}

/** A path from the root ('root.facility.typeid'), in a join under the root's join `before`. */
function faultsOfPath(
  root: SourceNode,
  { from, before }: { readonly from: string; readonly before: string | undefined },
) {
  const [start, ...steps] = from.split('.');
  const column = steps.pop() as string;
  const order = Object.keys(root.joins);
  let at: SourceNode | undefined = root;
  for (const step of steps) {
    const join: Join | undefined = at?.joins[step];
    at = join?.kind === 'one' ? join : undefined;
  }
  return [
    faultIf(start !== 'root', `${from} does not begin at the root`),
    faultIf(at === undefined, `${from} does not follow joins of kind 'one'`),
    faultIf(
      steps[0] !== undefined && order.indexOf(steps[0]) >= order.indexOf(before ?? ''),
      `${from} follows a join that is loaded later`,
    ),
    faultIf(at?.columns.includes(column) === false, `${from} ends at a column whose changes nobody sees: declare it`),
  ].flat();
}

function faultsOfShape(row: Row, node: SourceNode): readonly string[] {
  const expected = [...node.columns, ...Object.keys(node.joins)];
  return [
    faultIf(
      sorted(Object.keys(row)) !== sorted(expected),
      `a row of ${node.table} has (${sorted(Object.keys(row))}) instead of (${sorted(expected)})`,
    ),
    Object.entries(node.joins).flatMap(([name, join]) => {
      const value = row[name] as Row | readonly Row[] | null | undefined;
      const isFitting = join.kind === 'many' ? Array.isArray(value) : !Array.isArray(value);
      const children: readonly Row[] = value === null || value === undefined ? [] : [value].flat();
      return [
        faultIf(!isFitting, `'${name}' of ${node.table} is not of kind '${join.kind}'`),
        children.flatMap((child) => faultsOfShape(child, join)),
      ].flat();
    }),
  ].flat();
}

function derived({ pipeline }: Pick<PipelineWithExamples, 'pipeline'>, { root }: AnyExample): Rows {
  return deriveExample(pipeline, root as never).rows;
}

function derivedRows(subject: Pick<PipelineWithExamples, 'pipeline' | 'examples'>, name: string): readonly Row[] {
  return subject.examples.flatMap((example) => derived(subject, example)[name] ?? []);
}

function rowsOf(examples: readonly AnyExample[], name: string): readonly Row[] {
  return examples.flatMap(({ rows }) => rows[name] ?? []);
}

function catalogOf(target: Target): WritableTableCatalog {
  return v3Tables[target.table];
}

function lacking(
  table: string,
  columns: Readonly<Record<string, string>>,
  names: readonly string[],
): readonly string[] {
  return names.filter((name) => !Object.hasOwn(columns, name)).map((name) => `${table} has no column '${name}'`);
}

function describeReference(reference: {
  readonly columns: readonly string[];
  readonly table: string;
  readonly key: readonly string[];
}): string {
  return `(${reference.columns.join()}) to ${reference.table} (${reference.key.join()})`;
}

function faultIf(isFault: boolean, sentence: string): readonly string[] {
  return isFault ? [sentence] : [];
}

function sorted(names: readonly string[]): string {
  return names.toSorted().join();
}
