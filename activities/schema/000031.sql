-- An operation may be cancelled by an operator: neither done nor failed.
ALTER TABLE cdc.operations DROP CONSTRAINT operations_state_check;
ALTER TABLE cdc.operations ADD CONSTRAINT operations_state_check
  CHECK (state IN ('accepted', 'running', 'done', 'failed', 'refused', 'cancelled'));
