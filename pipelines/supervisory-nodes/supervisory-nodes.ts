// Supervisory nodes: the tree by which requisitions are approved. A node waits for its parent, so the tree grows from its root.
import { definePipeline, references, source, target } from '../definition.ts';
import { nameWithCode } from '../steps/name-with-code.ts';

export const supervisoryNodes = definePipeline({
  name: 'supervisory-nodes',
  summary: 'The tree by which requisitions are approved.',
  root: source('public.supervisory_nodes', {
    columns: ['id', 'code', 'name', 'description', 'facilityid', 'parentid'],
  }),
  owns: {
    nodes: target('referencedata.supervisory_nodes', {
      key: ['id'],
      adoptable: true,
      references: [
        references('facilityid', 'referencedata.facilities'),
        references('parentid', 'referencedata.supervisory_nodes'),
      ],
    }),
  },
  derive: (node, { id }) => ({
    nodes: [
      {
        id: id('supervisory_nodes', node.id),
        code: node.code,
        // v3 wants names unique ignoring case, v2 has hundreds of the same: one row cannot see another's name, so each carries its code.
        name: nameWithCode(node),
        description: node.description,
        facilityid: id('facilities', node.facilityid),
        parentid: node.parentid === null ? null : id('supervisory_nodes', node.parentid),
      },
    ],
  }),
});
