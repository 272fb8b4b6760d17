-- The head of an audit chain moves once for a group of events that were committed together, and only to an event that is
-- there. That a group locks the head first changes nothing in it.

-- @sqlite
-- The table is made anew for the way its outcomes are checked: for IN with a list of three, SQLite builds a table in memory
-- at each INSERT, which cost more than the row itself.
CREATE TABLE audit_log_new (
  org_id BYTEA NOT NULL,
  position BIGINT NOT NULL,
  event_id BYTEA NOT NULL,
  event_type TEXT NOT NULL,
  actor_id BYTEA,
  actor_type TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome = 'success' OR outcome = 'failure' OR outcome = 'denied'),
  metadata TEXT NOT NULL,
  ip_address TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  timestamp BIGINT NOT NULL,
  prev_hash BYTEA NOT NULL,
  event_hash BYTEA NOT NULL,
  PRIMARY KEY (org_id, position)
) WITHOUT ROWID;
INSERT INTO audit_log_new SELECT org_id, position, event_id, event_type, actor_id, actor_type, resource_type, resource_id,
  action, outcome, metadata, ip_address, user_agent, timestamp, prev_hash, event_hash FROM audit_log;
DROP TABLE audit_log;
ALTER TABLE audit_log_new RENAME TO audit_log;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;

DROP TRIGGER audit_heads_forward;
CREATE TRIGGER audit_heads_forward BEFORE UPDATE ON audit_heads
WHEN NEW.org_id <> OLD.org_id OR NEW.position < OLD.position OR (NEW.position = OLD.position AND NEW.hash <> OLD.hash)
  OR (NEW.position > OLD.position AND NOT EXISTS (SELECT 1 FROM audit_log
    WHERE org_id = NEW.org_id AND position = NEW.position AND event_hash = NEW.hash))
BEGIN SELECT RAISE(ABORT, 'audit_heads only moves forward'); END;
-- @end

-- @postgres
DROP TRIGGER audit_heads_forward ON audit_heads;
CREATE FUNCTION audit_head_moves() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF NEW.org_id <> OLD.org_id OR NEW.position < OLD.position OR (NEW.position = OLD.position AND NEW.hash <> OLD.hash)
    OR NOT EXISTS (SELECT 1 FROM audit_log
      WHERE org_id = NEW.org_id AND position = NEW.position AND event_hash = NEW.hash)
  THEN
    RAISE EXCEPTION 'audit_heads only moves forward' USING ERRCODE = 'UA001';
  END IF;
  RETURN NEW;
END
$body$;
-- Called only when something changes: the lock of a group does not.
CREATE TRIGGER audit_heads_forward BEFORE UPDATE ON audit_heads
  FOR EACH ROW WHEN (NEW.position <> OLD.position OR NEW.org_id <> OLD.org_id OR NEW.hash <> OLD.hash)
  EXECUTE FUNCTION audit_head_moves();
-- @end
