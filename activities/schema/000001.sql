-- The control schema: everything that an operation, a rebuild or an audit needs, beside v3 and without Temporal.
-- One landing schema per pipeline (landing_<pipeline>) is made by the engine from the list of pipelines.
CREATE SCHEMA IF NOT EXISTS cdc;

-- One row per pipeline. Its lock (FOR UPDATE) serialises everything that changes the pipeline's rows in v3, so a stale
-- attempt of an activity, an operation and a change of mode can never interleave.
CREATE TABLE cdc.pipelines (
  name text PRIMARY KEY,
  -- running: lands and derives. paused: lands, v3 stands still. resetting: as paused, while an operation clears rows.
  -- drifted: the engine stopped it (stop_code, stop_message say why); an operator resumes it.
  mode text NOT NULL DEFAULT 'running' CHECK (mode IN ('running', 'paused', 'resetting', 'drifted')),
  mode_reason text NOT NULL DEFAULT '',
  mode_by text NOT NULL DEFAULT 'system',
  mode_since timestamptz NOT NULL DEFAULT now(),
  stop_code text,
  stop_message text,
  -- Source commit time of the newest event that was landed, and when v3 was last brought up to date with landing.
  last_event_at timestamptz,
  last_derived_at timestamptz,
  last_run text
);

-- The next offset to read. Commits with the landing rows that the offsets before it made.
CREATE TABLE cdc.positions (
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  topic text NOT NULL,
  partition int NOT NULL,
  next_offset bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (pipeline, topic, partition)
);

-- Where an epoch of the stream begins: a new replication slot or a restored v2 starts log positions anew.
-- Events at or after from_offset belong to it; without a row, the epoch is 0.
CREATE TABLE cdc.epochs (
  epoch int NOT NULL,
  topic text NOT NULL,
  partition int NOT NULL,
  from_offset bigint NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (epoch, topic, partition)
);

-- A truncate: rows of the table that are older than it stay deleted, also when an older event comes again.
CREATE TABLE cdc.truncates (
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  source text NOT NULL,
  epoch int NOT NULL,
  commit_lsn bigint NOT NULL,
  lsn bigint NOT NULL,
  kafka_offset bigint NOT NULL,
  PRIMARY KEY (pipeline, source)
);

-- Where the newest snapshot of a table began. When its last row has come, rows that it did not read again are gone.
CREATE TABLE cdc.snapshots (
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  source text NOT NULL,
  epoch int NOT NULL,
  lsn bigint NOT NULL,
  from_offset bigint NOT NULL,
  PRIMARY KEY (pipeline, source)
);

-- Roots to derive: after a pause, a reset, a reprocess, a large catch-up, or because a parent came.
CREATE TABLE cdc.dirty (
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  root text NOT NULL,
  -- The operation that marked it, for its progress; empty for ordinary changes.
  operation text NOT NULL DEFAULT '',
  not_before timestamptz NOT NULL DEFAULT '-infinity',
  attempts int NOT NULL DEFAULT 0,
  PRIMARY KEY (pipeline, root)
);
CREATE INDEX dirty_due ON cdc.dirty (pipeline, not_before);
CREATE INDEX dirty_operation ON cdc.dirty (operation) WHERE operation <> '';

-- Roots that wait for a v3 row of another root to appear. parent_key is the JSON array of the key's values.
CREATE TABLE cdc.waiting (
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  root text NOT NULL,
  parent_table text NOT NULL,
  parent_key text NOT NULL,
  since timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (pipeline, root, parent_table, parent_key)
);
CREATE INDEX waiting_parent ON cdc.waiting (parent_table, parent_key);

-- Which v3 rows a root owns: {"<piece>": {"<target>": {"<key>": "<hash>"}}}, and by which transformation they were made.
-- A piece is '' for the root's head, or the landing key of one of its parts.
CREATE TABLE cdc.ledger (
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  root text NOT NULL,
  owned jsonb NOT NULL,
  -- Over all rows as derived: equal to a new derive's digest, nothing is to be done. Empty after a part was derived alone.
  digest text NOT NULL,
  -- {"<piece>": {"<code> <column>": <count>}}
  losses jsonb NOT NULL DEFAULT '{}',
  version text NOT NULL,
  run text NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (pipeline, root)
) WITH (fillfactor = 80);
-- Hashes do not compress; trying it took half the time of an upsert (54 -> 29 ms for 300 requisitions).
ALTER TABLE cdc.ledger ALTER COLUMN owned SET STORAGE EXTERNAL;

-- v3 rows that were there before us: v2 row -> the v3 row's id. Never written by us.
CREATE TABLE cdc.crosswalk (
  v2_table text NOT NULL,
  v2_key text NOT NULL,
  v3_table text NOT NULL,
  v3_id uuid NOT NULL,
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  root text NOT NULL,
  adopted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (v2_table, v2_key)
);

-- What could not be applied. kind 'event': a Kafka message, with its bytes. kind 'root': a root whose rows v3 refused.
CREATE TABLE cdc.quarantine (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  kind text NOT NULL CHECK (kind IN ('event', 'root')),
  source text NOT NULL,
  root text,
  topic text,
  partition int,
  kafka_offset bigint,
  code text NOT NULL,
  message text NOT NULL,
  advice text NOT NULL DEFAULT '',
  message_key bytea,
  payload bytea,
  headers json,
  attempts int NOT NULL DEFAULT 1,
  first_at timestamptz NOT NULL DEFAULT now(),
  last_at timestamptz NOT NULL DEFAULT now(),
  -- Set when a later try went well, or a later event of the same root made it whole.
  resolved_at timestamptz
);
CREATE UNIQUE INDEX quarantine_event ON cdc.quarantine (pipeline, topic, partition, kafka_offset) WHERE kind = 'event';
CREATE UNIQUE INDEX quarantine_root ON cdc.quarantine (pipeline, root) WHERE kind = 'root' AND resolved_at IS NULL;
CREATE INDEX quarantine_open ON cdc.quarantine (pipeline, id) WHERE resolved_at IS NULL;

-- Every operation that was asked for, with its outcome: the audit.
CREATE TABLE cdc.operations (
  id text PRIMARY KEY,
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  name text NOT NULL,
  reason text NOT NULL,
  requested_by text NOT NULL,
  via text NOT NULL,
  input json NOT NULL DEFAULT '{}',
  state text NOT NULL CHECK (state IN ('accepted', 'running', 'done', 'failed', 'refused')),
  answer text NOT NULL DEFAULT '',
  progress json,
  requested_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
CREATE INDEX operations_pipeline ON cdc.operations (pipeline, requested_at DESC);
