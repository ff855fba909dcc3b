// v3's two deferred triggers: what they demand is v3's, the words and the code are ours. Both look at commit, so a writer
// that breaks them learns it from COMMIT, not from its statement.

/** An approved product must name an orderable that exists, in any version. */
const approvedProductNamesOrderable = `
CREATE FUNCTION referencedata.approved_product_names_orderable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM referencedata.orderables AS orderable WHERE orderable.id = NEW.orderableid) THEN
    RAISE EXCEPTION 'Approved product % names orderable %, which does not exist', NEW.id, NEW.orderableid
      USING ERRCODE = 'foreign_key_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'orderableid';
  END IF;
  RETURN NULL;
END $$`;

/**
 * The two newest status changes of a requisition must differ in status or supervisory node. DISTINCT takes two NULL
 * nodes for equal, as v3 does. Where createddate is equal, which rows are the newest is arbitrary, as in v3.
 */
const statusChangesDiffer = `
CREATE FUNCTION requisition.status_changes_differ() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  newest_are_equal boolean;
BEGIN
  SELECT count(*) = 2 AND count(DISTINCT (newest.status, newest.supervisorynodeid)) = 1
  INTO newest_are_equal
  FROM (
    SELECT change.status, change.supervisorynodeid
    FROM requisition.status_changes AS change
    WHERE change.requisitionid = NEW.requisitionid
    ORDER BY change.createddate DESC
    LIMIT 2
  ) AS newest;
  IF newest_are_equal THEN
    RAISE EXCEPTION 'Duplicate status change: %', NEW.status
      USING ERRCODE = 'unique_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$`;

export const v3TriggerStatements: readonly string[] = [
  approvedProductNamesOrderable,
  `CREATE CONSTRAINT TRIGGER check_approved_product_orderable
   AFTER INSERT OR UPDATE ON referencedata.facility_type_approved_products
   DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION referencedata.approved_product_names_orderable()`,
  statusChangesDiffer,
  `CREATE CONSTRAINT TRIGGER check_status_changes
   AFTER INSERT ON requisition.status_changes
   DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION requisition.status_changes_differ()`,
];
