// Lines whose remarks begin with v2's code of the product, for exports that show remarks alone; the requisition says so in its
// extra data.
import type { DeriveContext, Pipeline } from '../../definition.ts';
import { requisitions } from '../../requisitions/requisitions.ts';
import { cutText } from '../../steps/cut-text.ts';

const { part } = requisitions;

export default {
  ...requisitions,
  derive(requisition: Parameters<typeof requisitions.derive>[0], context: DeriveContext) {
    const rows = requisitions.derive(requisition, context);
    return {
      ...rows,
      requisitions: rows.requisitions.map((row) => ({
        ...row,
        extradata: { ...(row.extradata as object), remarks: 'after the product code' },
      })),
    };
  },
  part: {
    ...part,
    derive(line: Parameters<typeof part.derive>[0], context: DeriveContext) {
      const rows = part.derive(line, context);
      return {
        ...rows,
        lines: rows.lines.map((row) => ({
          ...row,
          remarks: cutText(`[${line.productcode}] ${row.remarks ?? ''}`.trim(), {
            maxCharacters: 250,
            column: 'requisition_line_items.remarks',
            loss: context.loss,
          }),
        })),
      };
    },
  },
} satisfies Pipeline;
