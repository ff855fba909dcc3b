// The preflight's judgement: facts about v2 in, findings out, each with what to do. Pure, so that every rule has a test.
import type { TableFacts, V2Facts } from './inspect.ts';
import { judgeIdentity } from './replica-identity.ts';
import type { DeclaredKeys } from './replica-identity.ts';
import { grantsSql, publicationChangeSql, publicationSql, replicaIdentitySql, roleSql } from './publication.ts';

/** `refuse`: capture would hurt v2, lose changes, or not work. `warn`: it works, and somebody should look. */
export type Severity = 'ok' | 'warn' | 'refuse';

export interface Finding {
  readonly severity: Severity;
  readonly what: string;
  /** What the DBA does about it, often SQL. Absent when nothing has to be done. */
  readonly advice?: string;
}

export interface Names {
  readonly publication: string;
  readonly slot: string;
  readonly role: string;
}

export function judge(
  facts: V2Facts,
  { names, declaredKeys }: { readonly names: Names; readonly declaredKeys: DeclaredKeys },
): readonly Finding[] {
  const ofTables = facts.tables.flatMap((table) => ofTable(table, declaredKeys.get(table.table)));
  return [
    ...ofServer(facts),
    ...ofTables,
    ...ofRole(facts, names),
    ...ofPublication(facts, names),
    ...ofSlot(facts, names),
    ...facts.datesBeforeChrist.map(ofDateBeforeChrist),
  ];
}

function ofServer({ server, slot }: V2Facts): readonly Finding[] {
  const version = `PostgreSQL ${Math.floor(server.version / 10_000)}`;
  const findings: Finding[] = [];
  if (server.version < 100_000) {
    findings.push(
      refuse(`${version} has no pgoutput`, 'Upgrade v2 to PostgreSQL 10 or newer; 14 or newer is advised.'),
    );
  } else if (server.version < 140_000) {
    findings.push(
      warn(`${version} is older than anything this system is tested with (14)`, 'Rehearse on a copy of v2 first.'),
    );
  } else findings.push(ok(version));

  if (server.walLevel === 'logical') findings.push(ok('wal_level is logical'));
  else {
    findings.push(
      refuse(
        `wal_level is ${server.walLevel}`,
        'ALTER SYSTEM SET wal_level = logical; then restart the server, in a maintenance window.',
      ),
    );
  }

  if (server.maxSlotWalMb === null) {
    findings.push(
      warn(
        `${version} cannot limit the log that a slot holds back`,
        'Watch the disk of v2 closely: an unread slot fills it.',
      ),
    );
  } else if (server.maxSlotWalMb < 0) {
    findings.push(
      refuse(
        'max_slot_wal_keep_size is without limit: a slot that nobody reads fills the disk of v2',
        "ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'; SELECT pg_reload_conf(); (a part of the free disk)",
      ),
    );
  } else findings.push(ok(`a slot may hold back ${server.maxSlotWalMb} MB of log at most`));

  if (slot !== undefined) return findings; // it has its slot, and its sender
  if (server.freeSlots > 0) findings.push(ok(`${server.freeSlots} replication slot(s) free`));
  else
    findings.push(
      refuse(
        'no replication slot is free',
        'Raise max_replication_slots, which needs a restart, or drop a slot that nobody uses.',
      ),
    );
  if (server.freeWalSenders > 0) findings.push(ok(`${server.freeWalSenders} WAL sender(s) free`));
  else findings.push(refuse('no WAL sender is free', 'Raise max_wal_senders, which needs a restart.'));
  return findings;
}

function ofTable(table: TableFacts, declaredKey: readonly string[] | undefined): readonly Finding[] {
  if (!table.exists) {
    return [
      refuse(
        `${table.table} does not exist`,
        'Check that this is the right database; else a pipeline reads a table that this v2 has not.',
      ),
    ];
  }
  if (!table.logged) {
    return [
      refuse(
        `${table.table} is unlogged: its changes never reach the log`,
        `ALTER TABLE ${table.table} SET LOGGED; (rewrites the table)`,
      ),
    ];
  }
  const verdict = judgeIdentity(table, declaredKey);
  if (verdict.usable) return [ok(`${table.table}: its rows are known by ${table.identity}`)];
  const sql = replicaIdentitySql({ table: table.table, index: verdict.index });
  return [
    refuse(
      `${table.table} has no usable replica identity (${verdict.why}): published, its updates and deletes would fail in eLMIS or lose their key`,
      verdict.index === null ? `${sql} (no unique index serves; FULL makes v2 write more log)` : sql,
    ),
  ];
}

function ofRole({ role, tables }: V2Facts, names: Names): readonly Finding[] {
  if (role === undefined) {
    return [
      refuse(
        `the role ${names.role} does not exist`,
        `${roleSql(names)}\nThen give it a password: \\password ${names.role}`,
      ),
    ];
  }
  const findings: Finding[] = [];
  if (role.superuser) {
    findings.push(
      warn(`${names.role} is a superuser: it may do far more than read`, `ALTER ROLE ${names.role} NOSUPERUSER;`),
    );
  }
  if (!role.login || !role.replication) {
    findings.push(
      refuse(`${names.role} may not log in and stream the log`, `ALTER ROLE ${names.role} LOGIN REPLICATION;`),
    );
  }
  const unreadable = tables.filter((table) => table.roleMaySelect === false).map(({ table }) => table);
  if (unreadable.length > 0) {
    findings.push(
      refuse(
        `${names.role} may not read ${unreadable.join(', ')}`,
        grantsSql({ tables: unreadable, role: names.role }),
      ),
    );
  }
  const writable = tables.filter((table) => table.roleMayWrite === true).map(({ table }) => table);
  if (writable.length > 0 && !role.superuser) {
    findings.push(
      warn(`${names.role} may write ${writable.join(', ')}`, `REVOKE what it does not need: reading is enough.`),
    );
  }
  return findings.length > 0 ? findings : [ok(`${names.role} may read what is captured, and nothing more`)];
}

function ofPublication({ publication, tables }: V2Facts, names: Names): readonly Finding[] {
  const wanted = tables.filter((table) => table.exists).map(({ table }) => table);
  if (publication === undefined) {
    return [
      refuse(
        `the publication ${names.publication} does not exist`,
        publicationSql({ tables: wanted, publication: names.publication }),
      ),
    ];
  }
  if (publication.allTables) {
    return [
      refuse(
        `the publication ${names.publication} is FOR ALL TABLES: updates of every table without a replica identity fail in eLMIS now`,
        `DROP PUBLICATION ${names.publication};\n${publicationSql({ tables: wanted, publication: names.publication })}`,
      ),
    ];
  }
  const published = new Set(publication.tables);
  const missing = wanted.filter((table) => !published.has(table));
  const extra = publication.tables.filter((table) => !tables.some((captured) => captured.table === table));
  const unpublished = Object.entries(publication.publishes).flatMap(([operation, on]) => (on ? [] : [operation]));
  const change = publicationChangeSql({ tables: wanted, publication: names.publication });
  const findings: Finding[] = [];
  if (missing.length > 0) findings.push(refuse(`${names.publication} does not publish ${missing.join(', ')}`, change));
  if (extra.length > 0)
    findings.push(warn(`${names.publication} publishes ${extra.join(', ')}, which no pipeline reads`, change));
  if (unpublished.length > 0) {
    findings.push(
      refuse(
        `${names.publication} leaves out ${unpublished.join(', ')}`,
        `ALTER PUBLICATION ${names.publication} SET (publish = 'insert, update, delete, truncate');`,
      ),
    );
  }
  return findings.length > 0
    ? findings
    : [ok(`${names.publication} publishes exactly the ${wanted.length} captured tables`)];
}

function ofSlot({ slot }: V2Facts, names: Names): readonly Finding[] {
  if (slot === undefined) return [ok(`the slot ${names.slot} is not there yet: the connector makes it`)];
  if (slot.plugin !== 'pgoutput') {
    return [
      refuse(
        `the slot ${names.slot} belongs to ${slot.plugin ?? 'physical replication'}`,
        'Choose another slot.name for the connector.',
      ),
    ];
  }
  if (slot.walStatus === 'lost') {
    return [
      refuse(
        `the slot ${names.slot} is lost: it was not read for too long and v2 has dropped log that it needed`,
        `SELECT pg_drop_replication_slot('${names.slot}'); then a new snapshot: see docs/errors.md`,
      ),
    ];
  }
  if (slot.walStatus === 'unreserved') {
    return [
      warn(
        `the slot ${names.slot} is close to being lost`,
        'Start the connector now, or find out why it does not read.',
      ),
    ];
  }
  return [ok(`the slot ${names.slot} is there and ${slot.active ? 'read' : 'not read at the moment'}`)];
}

/** Debezium's snapshot reads such a date without its era; streamed changes carry it. Nobody behind can tell. */
function ofDateBeforeChrist(column: string): Finding {
  return warn(
    `${column} holds a date before Christ, surely a slip: a snapshot would deliver it as one after Christ`,
    'Correct it in eLMIS.',
  );
}

function ok(what: string): Finding {
  return { severity: 'ok', what };
}

function warn(what: string, advice: string): Finding {
  return { severity: 'warn', what, advice };
}

function refuse(what: string, advice: string): Finding {
  return { severity: 'refuse', what, advice };
}
