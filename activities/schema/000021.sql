-- When a pause ends by itself; null when only an operator ends it. Set with the mode, so that a workflow that starts from
-- nothing knows it.
ALTER TABLE cdc.pipelines ADD COLUMN mode_until timestamptz;
