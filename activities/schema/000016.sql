-- Verification: what was found, and what need not be looked at again.

-- Each look at a pipeline (against landing, or against v2 itself) or at the reports. Kept so that an operator sees when what
-- was last proven; the oldest go by themselves.
CREATE TABLE cdc.verifications (
  id text PRIMARY KEY,
  -- Null: the reports, which read the tables of many pipelines.
  pipeline text REFERENCES cdc.pipelines,
  against text NOT NULL CHECK (against IN ('landing', 'v2', 'reports')),
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  started_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  -- How many; null until it is done.
  differences bigint,
  -- The whole report as JSON; {"code", "message"} of one that failed.
  result json
);
CREATE INDEX verifications_pipeline ON cdc.verifications (pipeline, against, started_at DESC);

-- Rows of v3 that are not as they should be, up to a limit: what mend repairs.
CREATE TABLE cdc.verification_differences (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  verification text NOT NULL REFERENCES cdc.verifications ON DELETE CASCADE,
  pipeline text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('missing', 'extra', 'different', 'refused')),
  -- Name of the target in the pipeline's definition; '' of a root that makes no rows at all.
  target text NOT NULL,
  v3_table text NOT NULL,
  -- As in the ledger.
  key text NOT NULL,
  root text NOT NULL,
  -- [{"column", "expected", "actual"}]
  columns json NOT NULL,
  cause text NOT NULL
);
CREATE INDEX verification_differences_of ON cdc.verification_differences (verification, id);

-- Ranges of roots (above < root <= upto; upto null: to the end) with what they held when they were last found right.
-- As long as ledger and v3 add up to the same, no row of the range is looked at.
CREATE TABLE cdc.verified_ranges (
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  above text NOT NULL,
  upto text,
  version text NOT NULL,
  -- Sum over the ledger entries, and their number.
  mark text NOT NULL,
  -- {"<target>": {"owned", "keys", "found", "checksum"}}
  figures json NOT NULL,
  differences int NOT NULL,
  -- No difference, and no root left out.
  is_clean boolean NOT NULL,
  -- When it was summed last. -infinity: never yet, and mark and figures are empty.
  summed_at timestamptz NOT NULL,
  -- When its rows were last derived anew and compared one by one.
  compared_at timestamptz NOT NULL,
  PRIMARY KEY (pipeline, above)
);

-- Rows that stand in a table of ours without being ours, as sums; looked at one by one when the sums change.
CREATE TABLE cdc.foreign_rows (
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  target text NOT NULL,
  rows bigint NOT NULL,
  keys numeric NOT NULL,
  PRIMARY KEY (pipeline, target)
);
