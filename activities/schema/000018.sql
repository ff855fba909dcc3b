-- Who asked the REST API for what, and what came of it: also what was refused for want of a token or of a role.
CREATE TABLE cdc.audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  -- Name of the token; empty where none was known.
  actor text NOT NULL,
  role text,
  method text NOT NULL,
  path text NOT NULL,
  reason text,
  status int NOT NULL,
  -- The catalogue's code of a refusal.
  code text
);
