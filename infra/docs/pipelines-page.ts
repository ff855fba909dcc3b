// docs/pipelines.md: what each pipeline reads, owns, waits for and loses, printed from the definitions and their code.
import { v2Tables } from '../../pipelines/catalog/v2.ts';
import type { Join, Part, Pipeline, SourceNode, Target, V3Table } from '../../pipelines/definition.ts';
import type { PipelineCode, RecordedLoss } from './pipeline-code.ts';
import { ownersOf, printGraph } from './pipeline-graph.ts';

/** The whole text of docs/pipelines.md. */
export function printPipelinesPage(pipelines: readonly Pipeline[], codeOf: (pipeline: string) => PipelineCode): string {
  const owners = ownersOf(pipelines);
  const chapters = pipelines.map((pipeline) => printPipeline(pipeline, owners, codeOf(pipeline.name)));
  return `# Pipelines

Made by \`npm run generate\` from the list in pipelines/index.ts and the code of each pipeline; do not edit.

The words are those of the [glossary](glossary.md). An arrow leads from a pipeline to one whose v3 rows its own refer to, and
which they wait for. Arrows that follow from others are left out; the chapters name every reference.

${printGraph(pipelines)}

How to read a chapter:

- **v2**: the tables that the pipeline reads, the root first, joined tables below the one that they hang on; all but those with
  a schema before their name stand in \`public\`. After \`as\` stands the name by which other joins and the code know a join, after the
  colon the declared columns. Landing keeps whole rows, but only a change in these columns, or in those that joins
  compare, makes a root derive again.
- **v3**: the tables in which the pipeline owns rows, parents first, and the columns that tell its rows apart. A root waits until the rows
  that it refers to are there; NULL refers to nothing.
- **Steps**: code that pipelines share. **Losses**: what v3 cannot hold of v2, by code and v3 column: \`TEXT_CUT\` a text longer than its
  column, \`NUMBER_ROUNDED\` a number with more digits, \`VALUE_WITHOUT_HOME\` a value for which v3 has no place,
  \`DUPLICATE_DROPPED\` a row that v3 takes only once.

${chapters.join('\n\n')}
`;
}

function printPipeline(
  pipeline: Pipeline,
  owners: ReadonlyMap<V3Table, string>,
  { steps, losses }: PipelineCode,
): string {
  const { name, summary, root, owns, part } = pipeline;
  return [
    `## ${name}`,
    `${summary} [Code and examples](../pipelines/${name}/).`,
    '**v2**',
    [
      `- ${quoted(shortName(root.table))}${declaredKey(root)}: ${root.columns.join(', ')}`,
      ...printJoins(root, 'root'),
    ].join('\n'),
    '**v3**',
    printTargets(Object.values(owns), owners),
    ...Object.values(owns).flatMap(printAdoption),
    ...(part === undefined ? [] : [printPart(part, owns)]),
    ...(steps.length === 0 ? [] : [`**Steps**: ${steps.map(printStep).join(', ')}`]),
    ...(losses.length === 0 ? [] : [`**Losses**: ${printLosses(losses)}`]),
  ].join('\n\n');
}

/** `name`: what the node's columns are prefixed with where its joins point at them, as in a join's path. */
function printJoins(node: SourceNode, name: string, indent = '  '): readonly string[] {
  return Object.entries(node.joins).flatMap(([child, join]) => [
    `${indent}- ${join.kind} ${quoted(shortName(join.table))} as \`${child}\`${declaredKey(join)}, ${printCondition(join, name)}: ${join.columns.join(', ')}`,
    ...printJoins(join, child, `${indent}  `),
  ]);
}

function printCondition({ on }: Join, parent: string): string {
  const equations = Object.entries(on).map(
    ([column, value]) => `\`${column} = ${value.startsWith('root.') ? value : `${parent}.${value}`}\``,
  );
  return equations.length === 0 ? 'every row, for every root' : `where ${equations.join(' and ')}`;
}

/** A key that the pipeline declares, because v2 has none. */
function declaredKey({ table, key }: SourceNode): string {
  return v2Tables[table].primaryKey.length > 0 ? '' : ` (no primary key; known by ${key.join(', ')})`;
}

function printTargets(targets: readonly Target[], owners: ReadonlyMap<V3Table, string>): string {
  const rows = targets.map(({ table, key, bag, references }) => {
    const waits = references.map(
      ({ columns, table: parent }) => `${columns.join(', ')} → ${printOwner(parent, owners)}`,
    );
    return `| \`${table}\` | ${key.join(', ')}${bag ? ' (a bag: replaced together)' : ''} | ${waits.join('<br>')} |`;
  });
  return ['| table | key | waits for |', '|---|---|---|', ...rows].join('\n');
}

function printOwner(table: V3Table, owners: ReadonlyMap<V3Table, string>): string {
  const owner = owners.get(table);
  return owner === undefined ? `\`${table}\`` : `[${owner}](#${owner})`;
}

function printAdoption({ table, adopt, adoptable }: Target): readonly string[] {
  if (!adoptable) return [];
  return adopt === null
    ? [`**May be adopted**: a row of \`${table}\` that v3 brought itself, when an [operator says so](adoptions.md).`]
    : [
        `**Adopted**: a row of \`${table}\` that v3 brought itself with the same \`${adopt}\`, ignoring case; it is never written.`,
      ];
}

function printPart({ join, owns }: Part, targets: Pipeline['owns']): string {
  const tables = owns.map((name) => quoted(targets[name]?.table ?? name));
  return `**Part**: each row of \`${join}\` derives alone, to its rows of ${tables.join(', ')}.`;
}

function printStep(step: string): string {
  return `[${step}](../pipelines/steps/${step}.ts)`;
}

function printLosses(losses: readonly RecordedLoss[]): string {
  return [...Map.groupBy(losses, ({ code }) => code)]
    .map(([code, ofCode]) => {
      const columns = ofCode.map(({ column }) =>
        column === undefined ? 'columns that the code computes' : quoted(column),
      );
      return `\`${code}\` in ${columns.join(', ')}`;
    })
    .join('; ');
}

/** Without the schema in which nearly all of v2 stands. */
function shortName(table: string): string {
  return table.replace(/^public\./, '');
}

function quoted(name: string): string {
  return `\`${name}\``;
}
