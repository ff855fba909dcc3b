import { expect, test } from 'vitest';
import { reportText } from './report.ts';

test('a check that differs names its groups, both figures, and the rows behind them', () => {
  const text = reportText({
    differences: 3,
    pipelines: [],
    load: { queries: 12, rows: 3400, ms: 56 },
    looks: 1,
    checks: [
      {
        check: 'orders, by program',
        rows: 12,
        differences: 3,
        samples: [
          {
            group: { program: 'ILS', supplier: null },
            figures: [{ figure: 'packs', v2: '40', v3: null }],
            rows: [{ side: 'v2', row: { order: '00000007', packs: '40' } }],
          },
        ],
      },
    ],
  });
  expect(text).toContain('v2 was asked 12 queries, gave 3400 rows, and was busy for 56 ms.');
  expect(text).toContain(
    [
      'Check orders, by program: 12 group(s), 3 difference(s)',
      '  program=ILS supplier=NULL: packs: v2 40, v3 NULL',
      '    v2 has order=00000007 packs=40',
      '  ... and 2 more',
    ].join('\n'),
  );
});
