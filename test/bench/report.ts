// What a bench says while it runs and at its end, and the JSON that it leaves.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { projectDir } from '../../infra/local/settings.ts';

export type Say = (line: string) => void;

const began = performance.now();

/** One line with the seconds since the bench began. */
export const say: Say = (line) =>
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`);

/** Writes `.run/bench/<name>.json` in the checkout. */
export async function writeReport(name: string, content: object): Promise<string> {
  const file = resolve(projectDir, '.run/bench', `${name}.json`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
  return file;
}

/** Columns of equal width; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          typeof cell === 'number' ? String(cell).padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}
