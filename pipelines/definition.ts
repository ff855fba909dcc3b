// What a pipeline is, as data: the v2 tables that it reads, how they hang together, the v3 rows that it owns, and the
// pure function between them. Everything else (topics, landing tables, indexes, workflow ids, metric labels, API
// routes, the conformance suite) follows from the list of pipelines in index.ts. Nothing here does any I/O.
import type { V2 } from './catalog/v2.ts';
import { v2Tables } from './catalog/v2.ts';
import type { V3 } from './catalog/v3.ts';

export type V2Table = keyof V2;
export type V3Table = keyof V3;

/**
 * A v2 table in a pipeline's tree. Only the declared `columns` reach `derive`, and only a change in one of them makes
 * its roots derive again; landing keeps the whole row all the same.
 */
export interface SourceNode {
  readonly table: V2Table;
  /** The columns that tell rows apart: v2's primary key, or a declared key where v2 has none. */
  readonly key: readonly string[];
  readonly columns: readonly string[];
  readonly joins: Joins;
}

/** A table joined to its parent in the tree. The engine follows it both ways: forward to load, backward to find roots. */
export interface Join extends SourceNode {
  /** `one` loads a row or null, `many` a list ordered by key. */
  readonly kind: 'one' | 'many';
  /**
   * Column of this table -> where the value stands: a column of the parent ('formid'), or a path from the root
   * ('root.programid', 'root.facility.typeid'), whose steps are joins of kind `one`. NULL matches nothing.
   * With no column at all (`on: {}`) every row of the table belongs to every root, and a change in it re-derives all.
   */
  readonly on: Readonly<Record<string, string>>;
}

// oxlint-disable-next-line typescript/no-empty-object-type -- the type of "no joins", so that Loaded adds nothing
type NoJoins = {};
export type Joins = Readonly<Record<string, Join>>;

interface TypedNode<T extends V2Table, C extends keyof V2[T], J extends Joins> extends SourceNode {
  readonly row?: Pick<V2[T], C>;
  readonly table: T;
  readonly joins: J;
}
interface TypedJoin<K extends 'one' | 'many', T extends V2Table, C extends keyof V2[T], J extends Joins> extends Join {
  readonly row?: Pick<V2[T], C>;
  readonly kind: K;
  readonly table: T;
  readonly joins: J;
}

/** The rows of a node as `derive` sees them: its declared columns, and its joins by their names. */
export type Loaded<N> = N extends { readonly row?: infer R; readonly joins: infer J }
  ? NonNullable<R> & {
      // A node without joins, written inside another, is inferred to have joins of any name: none of them counts.
      readonly [Name in keyof J as string extends Name ? never : Name]: J[Name] extends { readonly kind: 'many' }
        ? readonly Loaded<J[Name]>[]
        : Loaded<J[Name]> | null;
    }
  : never;

interface NodeOptions<T extends V2Table, C extends keyof V2[T], J> {
  /** Only where v2 has no primary key. */
  readonly key?: readonly (keyof V2[T] & string)[];
  readonly columns: readonly (C & string)[];
  readonly joins?: J;
}
interface JoinOptions<T extends V2Table, C extends keyof V2[T], J> extends NodeOptions<T, C, J> {
  readonly on: Readonly<Partial<Record<keyof V2[T] & string, string>>>;
}

/** The aggregate root's table. */
export function source<T extends V2Table, const C extends keyof V2[T], J extends Joins = NoJoins>(
  table: T,
  options: NodeOptions<T, C, J>,
): TypedNode<T, C, J> {
  return { table, key: keyOf(table, options.key), columns: options.columns, joins: (options.joins ?? {}) as J };
}

/** At most one row of another table, or null. */
export function one<T extends V2Table, const C extends keyof V2[T], J extends Joins = NoJoins>(
  table: T,
  options: JoinOptions<T, C, J>,
): TypedJoin<'one', T, C, J> {
  return { kind: 'one', ...joined(table, options) };
}

/** All rows of another table that match, ordered by key. */
export function many<T extends V2Table, const C extends keyof V2[T], J extends Joins = NoJoins>(
  table: T,
  options: JoinOptions<T, C, J>,
): TypedJoin<'many', T, C, J> {
  return { kind: 'many', ...joined(table, options) };
}

function joined<T extends V2Table, C extends keyof V2[T], J extends Joins>(table: T, options: JoinOptions<T, C, J>) {
  return {
    table,
    key: keyOf(table, options.key),
    on: options.on as Readonly<Record<string, string>>,
    columns: options.columns,
    joins: (options.joins ?? {}) as J,
  };
}

function keyOf(table: V2Table, declared: readonly string[] | undefined): readonly string[] {
  const key = declared ?? v2Tables[table].primaryKey;
  if (key.length === 0) throw new Error(`${table} has no primary key in v2: declare its key`);
  return key;
}

/** A v3 row that must stand before ours may: v3 has no foreign keys across its schemas, so the engine looks itself. */
export interface Reference {
  readonly columns: readonly string[];
  readonly table: V3Table;
  readonly key: readonly string[];
}

export function references(column: string, table: V3Table): Reference;
export function references(columns: readonly string[], table: V3Table, key: readonly string[]): Reference;
export function references(
  columns: string | readonly string[],
  table: V3Table,
  key: readonly string[] = ['id'],
): Reference {
  return { columns: typeof columns === 'string' ? [columns] : columns, table, key };
}

/** A v3 table in which the pipeline owns rows. */
export interface Target {
  readonly table: V3Table;
  /** Tells its rows apart. With `bag`, several rows may share it: they are replaced together when one of them differs. */
  readonly key: readonly string[];
  readonly bag: boolean;
  /** Parents outside this root. A root whose parent is not there waits, and follows by itself when it comes. */
  readonly references: readonly Reference[];
  /**
   * v3 may hold this row already, under an id of its own: found where this column is equal, ignoring case.
   * Such a row is adopted: recorded in the crosswalk, pointed at by children, never written.
   */
  readonly adopt: string | null;
  /** Whether an operator may say that a row of v3's own stands for this one, whatever its key: see docs/adoptions.md. */
  readonly adoptable: boolean;
}

interface TypedTarget<T extends V3Table> extends Target {
  readonly table: T;
}

export function target<T extends V3Table>(
  table: T,
  options: {
    readonly key: readonly (keyof V3[T] & string)[];
    readonly bag?: boolean;
    readonly references?: readonly Reference[];
    readonly adopt?: keyof V3[T] & string;
    /** Implied by `adopt`. Only for a target whose one key is the root's own id. */
    readonly adoptable?: true;
  },
): TypedTarget<T> {
  return {
    table,
    key: options.key,
    bag: options.bag ?? false,
    references: options.references ?? [],
    adopt: options.adopt ?? null,
    adoptable: options.adoptable ?? options.adopt !== undefined,
  };
}

/** What `derive` may use beside the root: pure functions of their arguments and of the crosswalk. */
export interface DeriveContext {
  /**
   * The v3 id of a v2 row: deterministic, or the adopted row's where the crosswalk holds one.
   * `id('products', 7)`; several key parts are joined by ':'. The table's name stands without its schema.
   */
  readonly id: (table: string, ...key: readonly (string | number)[]) => string;
  /** Records that v3 cannot hold all that v2 says (a cut text, a rounded number). It is counted, and shown per root. */
  readonly loss: (code: LossCode, column: string) => void;
}

export type LossCode = 'TEXT_CUT' | 'NUMBER_ROUNDED' | 'VALUE_WITHOUT_HOME' | 'DUPLICATE_DROPPED';

type OwnedRows<O> = {
  readonly [Name in keyof O]: O[Name] extends { readonly table: infer T extends V3Table } ? readonly V3[T][] : never;
};

/**
 * Parts of a large root: rows of one of its joins (a requisition's lines), each of which derives alone. So when one of two
 * hundred lines changes, one is loaded, derived and compared.
 */
export interface Part {
  /** Name of the root's join of kind `many`, linked by the root's whole key. */
  readonly join: string;
  /** Names of the targets that follow from parts, and only from them. */
  readonly owns: readonly string[];
  readonly derive: (part: never, context: DeriveContext) => Readonly<Record<string, readonly object[]>>;
}

/** A pipeline as the engine sees it. */
export interface Pipeline {
  /** Kebab-case; the workflow's id, the metric label, the API's path. */
  readonly name: string;
  /** One sentence for operators. */
  readonly summary: string;
  readonly root: SourceNode;
  /** Parents first: rows are inserted in this order and deleted in the opposite one. */
  readonly owns: Readonly<Record<string, Target>>;
  /** All rows of the targets that `part` does not own. */
  readonly derive: (root: never, context: DeriveContext) => Readonly<Record<string, readonly object[]>>;
  readonly part?: Part;
}

/** The rows of a root's join. */
type PartRow<J, Name extends keyof J> = J[Name] extends Join ? Loaded<J[Name]> : never;

/** Checks the types of a definition, and gives it back in the engine's shape. All rows of a target carry the same columns. */
export function definePipeline<
  T extends V2Table,
  C extends keyof V2[T],
  J extends Joins,
  O extends Readonly<Record<string, Target>>,
  const N extends keyof J & string = never,
  const E extends keyof O & string = never,
>(definition: {
  readonly name: string;
  readonly summary: string;
  readonly root: TypedNode<T, C, J>;
  readonly owns: O;
  readonly derive: (root: Loaded<TypedNode<T, C, J>>, context: DeriveContext) => OwnedRows<Omit<O, E>>;
  readonly part?: {
    readonly join: N;
    readonly owns: readonly E[];
    readonly derive: (part: PartRow<J, N>, context: DeriveContext) => OwnedRows<Pick<O, E>>;
  };
}): Pipeline & {
  readonly derive: (root: Loaded<TypedNode<T, C, J>>, context: DeriveContext) => OwnedRows<Omit<O, E>>;
  /** What deriveWhole gives; a type only. */
  readonly rows?: OwnedRows<O>;
} & ([N] extends [never]
    ? unknown
    : {
        readonly part: Part & {
          readonly derive: (part: PartRow<J, N>, context: DeriveContext) => OwnedRows<Pick<O, E>>;
        };
      });
export function definePipeline(definition: Pipeline): Pipeline {
  return definition;
}

/** Everything that a root derives to, its parts included. */
export function deriveWhole(
  pipeline: Pipeline,
  root: object,
  context: DeriveContext,
): Readonly<Record<string, readonly object[]>> {
  const rows = pipeline.derive(root as never, context);
  const { part } = pipeline;
  if (part === undefined) return rows;
  const parts = (root as Readonly<Record<string, readonly never[]>>)[part.join] ?? [];
  const all: Record<string, object[]> = Object.fromEntries(part.owns.map((name) => [name, []]));
  for (const each of parts)
    for (const [name, list] of Object.entries(part.derive(each, context))) (all[name] ??= []).push(...list);
  return { ...rows, ...all };
}

/** Every v2 table that a pipeline reads, once, root first. */
export function tablesOf(pipeline: Pipeline): readonly V2Table[] {
  const seen = new Set<V2Table>();
  const visit = (node: SourceNode): void => {
    seen.add(node.table);
    for (const join of Object.values(node.joins)) visit(join);
  };
  visit(pipeline.root);
  return [...seen];
}
