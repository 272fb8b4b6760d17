-- Encrypted files of conversations: what the server keeps of them. No name, type or key is here: they travel in messages.

CREATE TABLE files (
  file_id BYTEA NOT NULL PRIMARY KEY,
  org_id BYTEA NOT NULL,
  conversation_id BYTEA NOT NULL,          -- no reference: the row outlives it until the object is gone
  user_id BYTEA NOT NULL,                  -- who has uploaded it
  size BIGINT NOT NULL,                    -- bytes of ciphertext, taken from the quotas
  received BIGINT NOT NULL,                -- bytes that the object store holds for good
  chain BYTEA NOT NULL,                    -- the digest's state there; of the whole file its digest
  last_offset BIGINT NOT NULL,             -- where the newest part began, and the state there: it may come again
  last_chain BYTEA NOT NULL,
  upload TEXT,                             -- the store's name for the upload; NULL: no part has come
  message_seq BIGINT,                      -- in the conversation's log; NULL: no message carries it yet
  created_at BIGINT NOT NULL,
  touched_at BIGINT NOT NULL,              -- when the newest part came
  completed_at BIGINT,
  deleted_at BIGINT                        -- nobody reads it any more; the row goes when the object is gone
);
CREATE INDEX files_by_conversation ON files (conversation_id, message_seq);
CREATE INDEX files_unfinished ON files (touched_at) WHERE completed_at IS NULL;
CREATE INDEX files_loose ON files (completed_at) WHERE message_seq IS NULL AND completed_at IS NOT NULL;
CREATE INDEX files_deleted ON files (deleted_at) WHERE deleted_at IS NOT NULL;

-- Bytes of every user's files; under the organisation's own id those of all together.
CREATE TABLE file_usage (
  org_id BYTEA NOT NULL,
  owner_id BYTEA NOT NULL,
  bytes BIGINT NOT NULL,
  PRIMARY KEY (org_id, owner_id)
)
-- @sqlite
WITHOUT ROWID
-- @end
;
