-- Experiments: another version of a transformation over the same landing data, and which one a pipeline has.

-- A promoted change (a module of pipelines/changes); null: the transformation as it is deployed.
ALTER TABLE cdc.pipelines ADD COLUMN change text;

-- To see which roots another transformation made, without reading the ledger.
CREATE INDEX ledger_version ON cdc.ledger (pipeline, version);

CREATE TABLE cdc.experiments (
  id text PRIMARY KEY,
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  -- The change that is tried; null: the deployed transformation, against what v3 holds by another one.
  change text,
  -- Hash of the transformation's code with the change; null until it was loaded.
  version text,
  -- Most of a worker's time that it may take, 0 to 1.
  share double precision NOT NULL,
  reason text NOT NULL,
  requested_by text NOT NULL,
  -- running: derives into its shadow schema. finished: its report waits for promote or discard.
  state text NOT NULL CHECK (state IN ('running', 'finished', 'promoted', 'discarded', 'failed')),
  report json NOT NULL DEFAULT '{}',
  answer text NOT NULL DEFAULT '',
  requested_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
CREATE INDEX experiments_pipeline ON cdc.experiments (pipeline, requested_at DESC);
-- Several at once would each see only half of the other's effect, and share the machine.
CREATE UNIQUE INDEX experiments_open ON cdc.experiments (pipeline) WHERE state IN ('running', 'finished');
