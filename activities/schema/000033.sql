-- What an operator gave up: kept, not counted, and back by itself when it is tried again and fails again. It stays unresolved, so that the
-- engine goes on knowing that v3 does not hold it.
ALTER TABLE cdc.quarantine
  ADD COLUMN discarded_at timestamptz,
  ADD COLUMN discarded_by text,
  ADD COLUMN discarded_reason text;
