// Which pipeline refers to whose rows, and the picture of it.
import type { Pipeline, V3Table } from '../../pipelines/definition.ts';

/** A pipeline's name -> names of the others whose v3 rows its rows refer to. */
export type Parents = ReadonlyMap<string, readonly string[]>;

/** v3 table -> the pipeline that owns rows in it; there is only one. */
export function ownersOf(pipelines: readonly Pipeline[]): ReadonlyMap<V3Table, string> {
  return new Map(
    pipelines.flatMap(({ name, owns }) => Object.values(owns).map(({ table }): [V3Table, string] => [table, name])),
  );
}

/** As mermaid draws it: an arrow from a pipeline to those whose rows it refers to. */
export function printGraph(pipelines: readonly Pipeline[]): string {
  const arrows = [...withoutShortcuts(parentsOf(pipelines))].flatMap(([name, parents]) =>
    parents.map((parent) => `  ${name} --> ${parent}`),
  );
  return ['```mermaid', 'flowchart LR', ...pipelines.map(({ name }) => `  ${name}`), ...arrows, '```'].join('\n');
}

export function parentsOf(pipelines: readonly Pipeline[]): Parents {
  const owners = ownersOf(pipelines);
  return new Map(
    pipelines.map(({ name, owns }) => {
      const tables = Object.values(owns).flatMap(({ references }) => references.map(({ table }) => table));
      const parents = new Set(tables.map((table) => owners.get(table) ?? name));
      parents.delete(name);
      return [name, [...parents]];
    }),
  );
}

/**
 * The same graph with the fewest arrows: who points at a child of X need not point at X too. It has no circles, since a
 * pipeline refers only to those before it in the list.
 */
export function withoutShortcuts(parents: Parents): Parents {
  const leadsTo = (from: string, to: string): boolean =>
    (parents.get(from) ?? []).some((parent) => parent === to || leadsTo(parent, to));
  return new Map(
    [...parents].map(([name, direct]) => [
      name,
      direct.filter((parent) => !direct.some((other) => leadsTo(other, parent))),
    ]),
  );
}
