// Names in SQL: quoting, and how our own schemas and tables are called.

/** A quoted identifier. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A quoted 'schema.table'. */
export function quoteTable(table: string): string {
  return table.split('.').map(quote).join('.');
}

/** The schema of a pipeline's landing tables. */
export function landingSchema(pipeline: string): string {
  return `landing_${pipeline.replaceAll('-', '_')}`;
}

/** The quoted landing table of a v2 table. v2's own schema is left out unless it is not public. */
export function landingTable(pipeline: string, source: string): string {
  const name = source.startsWith('public.') ? source.slice('public.'.length) : source.replaceAll('.', '_');
  return `${quote(landingSchema(pipeline))}.${quote(name)}`;
}
