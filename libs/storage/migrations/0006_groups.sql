-- Groups: what the delivery service of MLS (RFC 9420) keeps. All of it is public to the members; no key of a group is here.

-- One-time KeyPackages and, for each suite, one last-resort KeyPackage of a device. A KeyPackage that was handed out stays
-- until it expires, without its content, so that the same one can never be uploaded and handed out again.
CREATE TABLE key_packages (
  device_id BYTEA NOT NULL REFERENCES devices (device_id) ON DELETE CASCADE,
  cipher_suite BIGINT NOT NULL,
  reference BYTEA NOT NULL,                -- KeyPackageRef, RFC 9420 section 5.2
  org_id BYTEA NOT NULL,
  last_resort BIGINT NOT NULL,
  not_after BIGINT NOT NULL,               -- microseconds, like all times
  created_at BIGINT NOT NULL,
  claimed_at BIGINT,
  key_package BYTEA,                       -- MLSMessage; NULL once it is claimed
  PRIMARY KEY (device_id, cipher_suite, reference)
)
-- @sqlite
WITHOUT ROWID
-- @end
;
CREATE INDEX key_packages_by_age ON key_packages (device_id, cipher_suite, created_at, reference)
  WHERE claimed_at IS NULL AND last_resort = 0;
CREATE INDEX key_packages_by_expiry ON key_packages (not_after);

-- Every row so far is 'direct': its check allowed nothing else.
ALTER TABLE conversations DROP COLUMN kind;
ALTER TABLE conversations ADD COLUMN kind TEXT NOT NULL DEFAULT 'direct' CHECK (kind = 'direct' OR kind = 'group');
-- Of groups: the log reaches a former member up to here.
ALTER TABLE conversation_members ADD COLUMN left_seq BIGINT;
-- Of groups: the epoch in which the message was encrypted.
ALTER TABLE messages ADD COLUMN epoch BIGINT;
-- 0 a message, 1 a Welcome.
ALTER TABLE device_inbox ADD COLUMN kind BIGINT NOT NULL DEFAULT 0;
CREATE INDEX device_inbox_welcomes ON device_inbox (conversation_id, seq) WHERE kind = 1;

CREATE TABLE mls_groups (
  conversation_id BYTEA NOT NULL PRIMARY KEY REFERENCES conversations (conversation_id) ON DELETE CASCADE,
  org_id BYTEA NOT NULL,
  cipher_suite BIGINT NOT NULL,
  reset_count BIGINT NOT NULL,             -- how often the group was begun anew
  epoch BIGINT NOT NULL,
  first_epoch_taken BIGINT NOT NULL,       -- application messages of older epochs are not taken
  commit_seq BIGINT NOT NULL,              -- where in the log this epoch began; 0: when the group was created
  handshake_seq BIGINT NOT NULL,           -- the newest commit, proposal or reset
  leaf_count BIGINT NOT NULL,
  group_info BYTEA NOT NULL,               -- MLSMessage of this epoch, without the tree
  creation_hash BYTEA NOT NULL,            -- SHA-256 of the GroupInfo that the group was created with
  closed_at BIGINT
);

-- The nodes of the public tree, each with the place in the log since which it stands. Earlier ones are kept while a
-- Welcome that was not fetched yet leads to them.
CREATE TABLE mls_tree_nodes (
  conversation_id BYTEA NOT NULL REFERENCES mls_groups (conversation_id) ON DELETE CASCADE,
  node_index BIGINT NOT NULL,
  since_seq BIGINT NOT NULL,
  org_id BYTEA NOT NULL,
  content BYTEA,                           -- NULL: blank
  PRIMARY KEY (conversation_id, node_index, since_seq)
)
-- @sqlite
WITHOUT ROWID
-- @end
;

-- Which device sits in which leaf now.
CREATE TABLE mls_members (
  conversation_id BYTEA NOT NULL REFERENCES mls_groups (conversation_id) ON DELETE CASCADE,
  leaf_index BIGINT NOT NULL,
  org_id BYTEA NOT NULL,
  user_id BYTEA NOT NULL,
  device_id BYTEA NOT NULL,
  removal_seq BIGINT,                      -- a proposal of this epoch that removes it
  removal_by_server BIGINT NOT NULL DEFAULT 0,  -- it was revoked, or its user deactivated
  PRIMARY KEY (conversation_id, leaf_index)
)
-- @sqlite
WITHOUT ROWID
-- @end
;
CREATE INDEX mls_members_by_device ON mls_members (device_id, conversation_id);
CREATE INDEX mls_members_by_user ON mls_members (user_id, conversation_id);
CREATE INDEX mls_members_proposed ON mls_members (conversation_id) WHERE removal_seq IS NOT NULL;
CREATE INDEX mls_members_due ON mls_members (conversation_id) WHERE removal_by_server = 1;

-- Commits, proposals and resets, in the order of the log that they share with the messages.
CREATE TABLE mls_handshakes (
  conversation_id BYTEA NOT NULL REFERENCES mls_groups (conversation_id) ON DELETE CASCADE,
  seq BIGINT NOT NULL,
  org_id BYTEA NOT NULL,
  kind BIGINT NOT NULL,                    -- 1 proposal, 2 commit, 3 reset
  epoch BIGINT NOT NULL,                   -- in which it was made
  sender_user_id BYTEA,                    -- NULL: the server
  sender_device_id BYTEA,
  received_at BIGINT NOT NULL,
  leaf_count BIGINT NOT NULL,              -- of the tree that it leaves behind
  content BYTEA NOT NULL,                  -- MLSMessage
  PRIMARY KEY (conversation_id, seq)
);
CREATE INDEX mls_handshakes_by_epoch ON mls_handshakes (conversation_id, epoch, kind);

-- The key with which this installation proposes to groups, sealed under the master key. One row.
CREATE TABLE mls_external_senders (
  key_id BIGINT NOT NULL PRIMARY KEY CHECK (key_id = 1),
  public_key BYTEA NOT NULL,               -- Ed25519
  sealed_private BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);

-- The newest device list that named a device which later ones do not: whoever reads old messages looks here.
CREATE TABLE device_list_departures (
  user_id BYTEA NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  device_id BYTEA NOT NULL,
  org_id BYTEA NOT NULL,
  document BYTEA NOT NULL,
  PRIMARY KEY (user_id, device_id)
)
-- @sqlite
WITHOUT ROWID
-- @end
;

-- Whose devices have to leave their groups.
CREATE INDEX users_by_deactivation ON users (updated_at) WHERE disabled = 1;
