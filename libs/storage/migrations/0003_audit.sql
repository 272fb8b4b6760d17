-- The append-only log: one hash chain per organisation (libs/audit/README.md has the record's format).
-- The triggers stop accidents and an application that was taken over; against an administrator of the database, who can
-- drop them, stands the chain.

CREATE TABLE audit_log (
  org_id BYTEA NOT NULL,                   -- 16 zero bytes: the system's own chain
  position BIGINT NOT NULL,                -- from 1, without a gap
  event_id BYTEA NOT NULL,
  event_type TEXT NOT NULL,
  actor_id BYTEA,
  actor_type TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('success', 'failure', 'denied')),
  metadata TEXT NOT NULL,                  -- canonical JSON
  ip_address TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  timestamp BIGINT NOT NULL,
  prev_hash BYTEA NOT NULL,
  event_hash BYTEA NOT NULL,
  PRIMARY KEY (org_id, position)
)
-- @sqlite
WITHOUT ROWID
-- @end
;

CREATE TABLE audit_heads (
  org_id BYTEA NOT NULL PRIMARY KEY,
  position BIGINT NOT NULL,
  hash BYTEA NOT NULL
)
-- @sqlite
WITHOUT ROWID
-- @end
;

-- @sqlite
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER audit_heads_no_delete BEFORE DELETE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'audit_heads only moves forward'); END;
CREATE TRIGGER audit_heads_forward BEFORE UPDATE ON audit_heads
WHEN NEW.position <> OLD.position + 1 OR NEW.org_id <> OLD.org_id
BEGIN SELECT RAISE(ABORT, 'audit_heads only moves forward'); END;
-- @end

-- @postgres
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'UA001';
END
$body$;
CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_heads_no_delete BEFORE DELETE ON audit_heads
  FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_heads_no_truncate BEFORE TRUNCATE ON audit_heads
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_heads_forward BEFORE UPDATE ON audit_heads
  FOR EACH ROW WHEN (NEW.position <> OLD.position + 1 OR NEW.org_id <> OLD.org_id)
  EXECUTE FUNCTION audit_refuse();
-- @end
