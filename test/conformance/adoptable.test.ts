// A row of v3's own can stand for a root only where the root is that one row.
import { expect, test } from 'vitest';
import { adoptableTarget, rootTable } from '../../activities/adoption.ts';
import { textOf } from '../../model/change-event.ts';
import { idOf } from '../../model/ids.ts';
import { all, derive } from './examples.ts';

const adopting = all.filter(({ pipeline }) => adoptableTarget(pipeline) !== undefined);

test.each(adopting)("$name may adopt: in every example its row has the root's own id", ({ pipeline, examples }) => {
  const [name, target] = adoptableTarget(pipeline) ?? [];
  expect(target?.key).toEqual(['id']);
  expect(Object.values(pipeline.owns).filter((each) => each.adoptable)).toHaveLength(1);
  for (const { root } of examples) {
    const [key = ''] = pipeline.root.key;
    const rows = derive(pipeline, root, { id: (table, ...keys) => idOf(table, keys.join(':')), loss: () => undefined });
    expect(rows[name ?? '']?.map((row) => row['id'])).toEqual([
      idOf(rootTable(pipeline), textOf(root[key] as string | number) ?? ''),
    ]);
  }
});
