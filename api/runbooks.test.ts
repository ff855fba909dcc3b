import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runbooksPage } from './runbooks.ts';

const page = runbooksPage(readFileSync(join(import.meta.dirname, '../docs/runbooks.md'), 'utf8'));

test('every chapter can be linked to, and every link within the page has its chapter', () => {
  const ids = [...page.matchAll(/<h2 id="([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toContain('pipelinebehind');
  const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  expect(links.length).toBeGreaterThan(3);
  expect(links.filter((id) => !ids.includes(id))).toEqual([]);
});

test('nothing of the markup is left', () => {
  const text = page.replace(/<style>[^]*<\/style>/, '').replaceAll(/<code>[^<]*<\/code>/g, '');
  expect(text).not.toMatch(/\*|`|\]\(|^#/m);
});

test('what is written cannot become markup', () => {
  expect(runbooksPage('## A\n*b.* <script> `c`')).toMatch(
    /<h2 id="a">A<\/h2>\n<p><i>b\.<\/i> &lt;script&gt; <code>c<\/code><\/p>/,
  );
});
