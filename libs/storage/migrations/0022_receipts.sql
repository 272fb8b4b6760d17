-- How far people have come in groups of more than fifty, as far as they tell: places in the log, and nothing of what is there.
-- Only counts of it are given out.
CREATE TABLE receipts (
  conversation_id BYTEA NOT NULL REFERENCES conversations (conversation_id) ON DELETE CASCADE,
  user_id BYTEA NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  org_id BYTEA NOT NULL,
  delivered_seq BIGINT NOT NULL,
  read_seq BIGINT NOT NULL,
  PRIMARY KEY (conversation_id, user_id)
)
-- @sqlite
WITHOUT ROWID
-- @end
;
CREATE INDEX receipts_by_user ON receipts (org_id, user_id);
