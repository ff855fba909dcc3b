-- An adoption may be an operator's word: over REST, or in the file of adoptions. One found by its key has neither reason
-- nor author, and is looked at afresh at each derive.
ALTER TABLE cdc.crosswalk
  ADD COLUMN source text NOT NULL DEFAULT 'key' CHECK (source IN ('key', 'file', 'rest')),
  ADD COLUMN reason text NOT NULL DEFAULT '',
  ADD COLUMN said_by text NOT NULL DEFAULT '';
-- By an operator's word a v3 row stands for one v2 row. By key it may stand for two that v3 cannot tell apart.
CREATE UNIQUE INDEX crosswalk_said ON cdc.crosswalk (v3_table, v3_id) WHERE source <> 'key';
