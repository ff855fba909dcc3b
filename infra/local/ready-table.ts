// The table that `npm start` ends with.

export interface ReadyRow {
  readonly part: string;
  readonly url: string;
  readonly state: string;
}

/** Columns as wide as their longest entry, under a heading. */
export function readyTable(rows: readonly ReadyRow[]): string {
  const all = [{ part: 'PART', url: 'URL', state: 'STATE' }, ...rows];
  const width = (column: keyof ReadyRow): number => Math.max(...all.map((row) => row[column].length));
  const [part, url] = [width('part'), width('url')];
  return all.map((row) => `  ${row.part.padEnd(part)}  ${row.url.padEnd(url)}  ${row.state}`).join('\n');
}
