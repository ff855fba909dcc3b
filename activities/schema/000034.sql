-- Where v2 or v3 is not as a pipeline expects it: columns that came, went, or hold something else. A row goes when it is so no more.
CREATE TABLE cdc.drift (
  pipeline text NOT NULL REFERENCES cdc.pipelines,
  side text NOT NULL CHECK (side IN ('v2', 'v3')),
  relation text NOT NULL,
  -- Empty: the whole table.
  column_name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('new', 'missing', 'type', 'required')),
  expected text NOT NULL,
  seen text NOT NULL,
  since timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (pipeline, side, relation, column_name, kind)
);
