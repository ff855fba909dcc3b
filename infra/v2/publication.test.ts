import { describe, expect, test } from 'vitest';
import { grantsSql, publicationChangeSql, publicationSql, replicaIdentitySql, roleSql } from './publication.ts';

const tables = ['public.products', 'public.orders'];

describe('what the DBA runs', () => {
  test('publishes the named tables and never all of them', () => {
    const sql = publicationSql({ tables, publication: 'mkondo' });
    expect(sql).toBe('CREATE PUBLICATION "mkondo" FOR TABLE\n  "public"."products",\n  "public"."orders";');
  });

  test('changes an existing publication to exactly the named tables', () => {
    expect(publicationChangeSql({ tables, publication: 'mkondo' })).toMatch(/^ALTER PUBLICATION "mkondo" SET TABLE/);
  });

  test('grants reading, and nothing else', () => {
    const sql = grantsSql({ tables, role: 'reader' });
    expect(sql).toContain('GRANT USAGE ON SCHEMA "public" TO "reader";');
    expect(sql).toMatch(/GRANT SELECT ON TABLE\s+"public"."products",\s+"public"."orders"\s+TO "reader";/);
    expect(sql).not.toMatch(/INSERT|UPDATE|DELETE|TRUNCATE|ALL/);
  });

  test('names each schema once', () => {
    expect(grantsSql({ tables, role: 'reader' }).match(/ON SCHEMA/g)).toHaveLength(1);
  });

  test('makes a role that may stream and log in, and carries no password', () => {
    const sql = roleSql({ role: 'reader' });
    expect(sql).toMatch(/LOGIN REPLICATION NOSUPERUSER/);
    expect(sql).not.toMatch(/PASSWORD/);
  });

  test('quotes names, so that none can carry SQL', () => {
    expect(replicaIdentitySql({ table: 'public.a"b', index: 'i; DROP TABLE x' })).toBe(
      'ALTER TABLE "public"."a""b" REPLICA IDENTITY USING INDEX "i; DROP TABLE x";',
    );
  });

  test('falls back to whole rows where no index serves', () => {
    expect(replicaIdentitySql({ table: 'public.t', index: null })).toBe(
      'ALTER TABLE "public"."t" REPLICA IDENTITY FULL;',
    );
  });
});
