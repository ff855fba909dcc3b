// The walk-through of CONTRIBUTING.md as data: the files that it has one write, and the changes that it has one make.

export type Step =
  | { readonly kind: 'file'; readonly path: string; readonly content: string }
  /** Lines that stand in the file, and what stands in their place afterwards. */
  | { readonly kind: 'change'; readonly path: string; readonly before: string; readonly after: string };

/** The code blocks of one chapter, each with the path that the page names last before it. @throws Error on a block without one */
export function stepsOf(page: string, chapter: string): readonly Step[] {
  const text = page.split(/^## /m).find((each) => each.startsWith(`${chapter}\n`));
  if (text === undefined) throw new Error(`There is no chapter '${chapter}'`);
  const steps: Step[] = [];
  let path: string | undefined;
  for (const match of text.matchAll(/^ *`([\w./-]+)`:$|^( *)```(ts|diff)\n([\s\S]*?)^ *```$/gm)) {
    const [, named, indent = '', kind, block = ''] = match;
    if (named !== undefined) {
      path = named;
      continue;
    }
    if (path === undefined) throw new Error(`A block of '${chapter}' does not say of which file it is`);
    const lines = block.split('\n').map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    if (kind === 'ts') steps.push({ kind: 'file', path, content: lines.join('\n') });
    else steps.push({ kind: 'change', path, before: side(lines, '-'), after: side(lines, '+') });
  }
  return steps;
}

/** @throws Error when the file does not hold the lines before, or holds them twice */
export function changed(content: string, { path, before, after }: Extract<Step, { readonly kind: 'change' }>): string {
  const parts = content.split(before);
  if (parts.length !== 2) throw new Error(`${path} holds ${parts.length - 1} times:\n${before}`);
  return parts.join(after);
}

/** The lines of a diff that stand on one side of it. */
function side(lines: readonly string[], sign: '-' | '+'): string {
  return lines
    .filter((line) => line.startsWith(' ') || line.startsWith(sign))
    .map((line) => `${line.slice(1)}\n`)
    .join('');
}
