// GET /runbooks: docs/runbooks.md as a page, so that an alert can link to what is to be done.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { escaped } from './charts/plot.ts';
import { addRoute } from './route.ts';

const file = join(import.meta.dirname, '../docs/runbooks.md');

export function registerRunbooks(app: FastifyInstance): void {
  addRoute(app, {
    method: 'GET',
    url: '/runbooks',
    tag: 'The API itself',
    summary: 'What each alert means and what to do, as a page',
    role: 'anybody',
    answer: { media: 'text/html' },
    handle: ({ reply }) => {
      void reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
      return runbooksPage(readFileSync(file, 'utf8'));
    },
  });
}

/** As much of Markdown as that file uses. Pure. */
export function runbooksPage(markdown: string): string {
  const body = markdown
    .split(/\n\n+|\n(?=[*])|(?<=^#.*)\n/m)
    .map((block) => block.trim())
    .filter((block) => block !== '')
    .map((block) => {
      const [, marks = '', heading = ''] = /^(#+) (.*)$/.exec(block) ?? [];
      if (marks === '') return `<p>${inline(block)}</p>`;
      return `<h${marks.length} id="${escaped(heading.toLowerCase())}">${inline(heading)}</h${marks.length}>`;
    })
    .join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>mkondo: runbooks</title>
<style>:root{color-scheme:light dark}body{max-width:46em;margin:0 auto;padding:16px;font:15px/1.5 system-ui,sans-serif}h2{margin-top:2em}h2:target{background:light-dark(#fff1c9,#4a3c10)}p{margin:.4em 0}code{overflow-wrap:anywhere}</style></head>
<body>${body}</body></html>
`;
}

function inline(text: string): string {
  return escaped(text)
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\*\*([^*]+)\*\*/g, '<b>$1</b>')
    .replaceAll(/\*([^*]+)\*/g, '<i>$1</i>')
    .replaceAll(/\[([^\]]+)\]\((#[\w-]+)\)/g, '<a href="$2">$1</a>')
    .replaceAll(/\[([^\]]+)\]\(([\w-]+\.md)\)/g, '$1 (docs/$2)');
}
