import { expect, test } from 'vitest';
import { deriveExample } from '../../example.ts';
import { examples } from '../../requisitions/examples.ts';
import { requisitions } from '../../requisitions/requisitions.ts';
import change from './code-before-remarks.ts';

const { root } = examples[0] as (typeof examples)[number];

test('every line says its code before its remarks, and the requisition says that they do', () => {
  const before = deriveExample(requisitions, root).rows;
  const after = deriveExample(change, root).rows;
  expect(after.requisitions[0]?.extradata).toMatchObject({ remarks: 'after the product code' });
  expect(after.lines.map(({ remarks }) => remarks)).toEqual(
    before.lines.map(({ remarks }, index) =>
      `[${root.lines[index]?.productcode}] ${remarks ?? ''}`.trim().slice(0, 250),
    ),
  );
  const others = (rows: typeof before) => ({
    ...rows,
    requisitions: rows.requisitions.map((row) => ({ ...row, extradata: null })),
    lines: rows.lines.map((row) => ({ ...row, remarks: null })),
  });
  expect(others(after)).toEqual(others(before));
});

test('what is too long for v3 is cut, and counted as a loss', () => {
  const [line] = root.lines;
  const { rows, losses } = deriveExample(change, {
    ...root,
    lines: [{ ...(line as NonNullable<typeof line>), productcode: 'P-0001', remarks: 'y'.repeat(250) }],
  });
  const [row] = (rows as { readonly lines: readonly { readonly remarks: string }[] }).lines;
  expect(row?.remarks).toBe(`[P-0001] ${'y'.repeat(241)}`);
  expect(losses).toContainEqual({ code: 'TEXT_CUT', column: 'requisition_line_items.remarks' });
});
