// The border of the workflow sandbox: no activity, no pipeline, no Node built-in can be reached from a workflow.
import { expect, test } from 'vitest';
import { buildBundle } from '../../workers/bundle.ts';

test('the bundle holds workflows, their words, and nothing that touches the world', async () => {
  const { code } = await buildBundle();
  const ours = modulesOf(code).filter((path) => path.endsWith('.ts') && !path.includes('node_modules'));
  expect(ours.length).toBeGreaterThan(3);
  expect(ours.filter((path) => !/(^|\/)(workflows\/[^/]+|model\/errors)\.ts$/.test(path))).toEqual([]);
}, 60_000);

/** Paths of the bundled modules, from the inline source map. A Node built-in fails the build itself. */
function modulesOf(code: string): readonly string[] {
  const base64 = code.slice(code.lastIndexOf('base64,') + 'base64,'.length).trim();
  return (JSON.parse(Buffer.from(base64, 'base64').toString('utf8')) as { sources: string[] }).sources;
}
