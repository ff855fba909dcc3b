import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTour } from './tour-page.ts';
import { clicks } from './tour-clicks.ts';

test('a page is read into what is typed, expected and pictured', () => {
  const page = [
    'Words.',
    '<!-- comes: V3_CONSTRAINT -->',
    '```sh',
    'npx mkondo quarantine orders',
    'echo two',
    '```',
    '![it](images/tour-quarantine.png)',
    '<!-- ui: pause -->',
    '![the pause](images/tour-pause.png)',
    '```',
    'not typed',
    '```',
  ].join('\n');
  expect(readTour(page)).toEqual([
    { do: 'type', commands: 'npx mkondo quarantine orders\necho two', shows: null, comes: 'V3_CONSTRAINT' },
    { do: 'picture', image: 'tour-quarantine' },
    { do: 'click', name: 'pause', image: 'tour-pause' },
  ]);
});

test("every click of the tour's page is known, and every one that is known is clicked", () => {
  const steps = readTour(readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'tour.md'), 'utf8'));
  const names = steps.flatMap((step) => (step.do === 'click' ? [step.name] : []));
  expect(new Set(names)).toEqual(new Set(Object.keys(clicks)));
});
