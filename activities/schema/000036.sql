-- Changes of state, for whoever follows them: written by triggers, so in the transaction that changes the state and wherever that is
-- done. Kept for a week.
CREATE TABLE cdc.events (
  -- The transaction that wrote it: ids alone would show late what commits late, behind a reader's back. In the order of (xact, id),
  -- everything before the oldest transaction that is under way is final.
  xact bigint NOT NULL DEFAULT txid_current(),
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT now(),
  pipeline text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('mode', 'operation', 'quarantine', 'drift', 'experiment')),
  data jsonb NOT NULL,
  PRIMARY KEY (xact, id)
);
CREATE INDEX events_at ON cdc.events (at);

CREATE FUNCTION cdc.note_event(pipeline text, kind text, data jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO cdc.events (pipeline, kind, data) VALUES (pipeline, kind, data);
  SELECT pg_notify('cdc_event', '');
$$;

CREATE FUNCTION cdc.note_mode() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM cdc.note_event(NEW.name, 'mode', jsonb_build_object(
    'mode', NEW.mode, 'before', OLD.mode, 'reason', NEW.mode_reason, 'by', NEW.mode_by, 'until', NEW.mode_until,
    'stop', NEW.stop_code));
  RETURN NULL;
END $$;
CREATE TRIGGER note_mode AFTER UPDATE ON cdc.pipelines FOR EACH ROW
  WHEN (OLD.mode IS DISTINCT FROM NEW.mode OR OLD.mode_until IS DISTINCT FROM NEW.mode_until) EXECUTE FUNCTION cdc.note_mode();

CREATE FUNCTION cdc.note_operation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM cdc.note_event(NEW.pipeline, 'operation', jsonb_build_object(
    'operation', NEW.id, 'name', NEW.name, 'state', NEW.state, 'by', NEW.requested_by, 'reason', NEW.reason, 'answer', NEW.answer));
  RETURN NULL;
END $$;
CREATE TRIGGER note_new_operation AFTER INSERT ON cdc.operations FOR EACH ROW EXECUTE FUNCTION cdc.note_operation();
CREATE TRIGGER note_operation AFTER UPDATE ON cdc.operations FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION cdc.note_operation();

CREATE FUNCTION cdc.note_experiment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM cdc.note_event(NEW.pipeline, 'experiment', jsonb_build_object(
    'experiment', NEW.id, 'change', NEW.change, 'state', NEW.state, 'by', NEW.requested_by, 'reason', NEW.reason, 'answer', NEW.answer));
  RETURN NULL;
END $$;
CREATE TRIGGER note_new_experiment AFTER INSERT ON cdc.experiments FOR EACH ROW EXECUTE FUNCTION cdc.note_experiment();
CREATE TRIGGER note_experiment AFTER UPDATE ON cdc.experiments FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION cdc.note_experiment();

CREATE FUNCTION cdc.note_drift() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  drift cdc.drift := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  PERFORM cdc.note_event(drift.pipeline, 'drift', jsonb_build_object(
    'state', CASE TG_OP WHEN 'DELETE' THEN 'gone' ELSE 'seen' END, 'side', drift.side, 'table', drift.relation,
    'column', drift.column_name, 'drift', drift.kind, 'expected', drift.expected, 'seen', drift.seen));
  RETURN NULL;
END $$;
CREATE TRIGGER note_drift AFTER INSERT OR DELETE ON cdc.drift FOR EACH ROW EXECUTE FUNCTION cdc.note_drift();

-- One event of a pipeline's quarantine for each transaction, however many entries and statements: how many came, were mended, and
-- were discarded.
CREATE FUNCTION cdc.note_quarantine(changed text, came int, mended int, discarded int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE cdc.events e SET data = jsonb_build_object(
    'came', (e.data ->> 'came')::int + came, 'mended', (e.data ->> 'mended')::int + mended,
    'discarded', (e.data ->> 'discarded')::int + discarded)
  WHERE e.xact = txid_current() AND e.pipeline = changed AND e.kind = 'quarantine';
  IF NOT FOUND THEN
    PERFORM cdc.note_event(changed, 'quarantine', jsonb_build_object('came', came, 'mended', mended, 'discarded', discarded));
  END IF;
END $$;

CREATE FUNCTION cdc.note_quarantined() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM cdc.note_quarantine(c.pipeline, c.came, 0, 0)
  FROM (SELECT pipeline, count(*)::int AS came FROM new_rows WHERE resolved_at IS NULL AND discarded_at IS NULL GROUP BY pipeline) c;
  RETURN NULL;
END $$;
CREATE TRIGGER note_quarantined AFTER INSERT ON cdc.quarantine
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cdc.note_quarantined();

CREATE FUNCTION cdc.note_requarantined() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM cdc.note_quarantine(c.pipeline, c.came, c.mended, c.discarded)
  FROM (SELECT n.pipeline,
               (count(*) FILTER (WHERE NOT o.open AND n.open))::int AS came,
               (count(*) FILTER (WHERE o.resolved_at IS NULL AND n.resolved_at IS NOT NULL))::int AS mended,
               (count(*) FILTER (WHERE o.open AND n.resolved_at IS NULL AND n.discarded_at IS NOT NULL))::int AS discarded
        FROM (SELECT *, resolved_at IS NULL AND discarded_at IS NULL AS open FROM new_rows) n
        JOIN (SELECT *, resolved_at IS NULL AND discarded_at IS NULL AS open FROM old_rows) o USING (id)
        GROUP BY n.pipeline) c
  WHERE c.came + c.mended + c.discarded > 0;
  RETURN NULL;
END $$;
CREATE TRIGGER note_requarantined AFTER UPDATE ON cdc.quarantine
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cdc.note_requarantined();
