-- Kinds of messages, versions, chat policy; spaces and channels. No column here holds what was written in a conversation,
-- nor the name of a private channel, nor any topic.

-- 0 content, 1 edit, 2 deletion, 3 signal; what an edit or deletion refers to.
ALTER TABLE messages ADD COLUMN kind BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN refers_message_id BYTEA;
ALTER TABLE messages ADD COLUMN refers_device_id BYTEA;
ALTER TABLE device_inbox ADD COLUMN message_kind BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device_inbox ADD COLUMN refers_message_id BYTEA;
ALTER TABLE device_inbox ADD COLUMN refers_device_id BYTEA;

-- The edits and the deletion of a message: places in the log, where the ciphertexts stand.
CREATE TABLE message_versions (
  conversation_id BYTEA NOT NULL REFERENCES conversations (conversation_id) ON DELETE CASCADE,
  seq BIGINT NOT NULL,                     -- of the message
  version_seq BIGINT NOT NULL,
  org_id BYTEA NOT NULL,
  kind BIGINT NOT NULL,
  PRIMARY KEY (conversation_id, seq, version_seq)
)
-- @sqlite
WITHOUT ROWID
-- @end
;

-- What an organisation has decided. No row: five minutes, and receipts are sent.
CREATE TABLE chat_policies (
  org_id BYTEA NOT NULL PRIMARY KEY REFERENCES organizations (org_id),
  edit_window_s BIGINT NOT NULL,
  receipts BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE spaces (
  space_id BYTEA NOT NULL PRIMARY KEY,
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  parent_space_id BYTEA REFERENCES spaces (space_id),
  name TEXT NOT NULL,
  hidden BIGINT NOT NULL,
  created_by BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  archived_at BIGINT
);
CREATE INDEX spaces_by_org ON spaces (org_id, space_id);
CREATE INDEX spaces_by_parent ON spaces (parent_space_id) WHERE parent_space_id IS NOT NULL;

-- A channel is a group with an entry here. A deleted one keeps its row.
CREATE TABLE channels (
  channel_id BYTEA NOT NULL PRIMARY KEY REFERENCES conversations (conversation_id) ON DELETE CASCADE,
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  space_id BYTEA REFERENCES spaces (space_id),
  visibility BIGINT NOT NULL,              -- 0 public, 1 private
  name TEXT,                               -- of a public one; NULL: the server knows none
  folded_name TEXT,                        -- as it is searched
  posting BIGINT NOT NULL,                 -- 1 everyone, 2 announcements
  is_default BIGINT NOT NULL,
  created_by BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  archived_at BIGINT,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX channels_by_name ON channels (org_id, folded_name) WHERE folded_name IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX channels_by_org ON channels (org_id, channel_id);
CREATE INDEX channels_by_space ON channels (space_id) WHERE space_id IS NOT NULL;

-- Who has ever been in a channel, and who may not come in again. Who is in it now: conversation_members.
CREATE TABLE channel_members (
  channel_id BYTEA NOT NULL REFERENCES channels (channel_id) ON DELETE CASCADE,
  user_id BYTEA NOT NULL REFERENCES users (user_id),
  org_id BYTEA NOT NULL,
  joined_at BIGINT NOT NULL,
  banned_at BIGINT,
  banned_by BYTEA,
  PRIMARY KEY (channel_id, user_id)
)
-- @sqlite
WITHOUT ROWID
-- @end
;

-- A role in a space and all that is in it, or in a channel.
CREATE TABLE place_roles (
  place_id BYTEA NOT NULL,                 -- of the space or channel
  user_id BYTEA NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  org_id BYTEA NOT NULL,
  role BIGINT NOT NULL,                    -- 1 guest ... 5 super admin
  granted_by BYTEA NOT NULL,
  granted_at BIGINT NOT NULL,
  PRIMARY KEY (place_id, user_id)
)
-- @sqlite
WITHOUT ROWID
-- @end
;
CREATE INDEX place_roles_by_user ON place_roles (user_id, place_id);

-- What a role may do in one channel other than everywhere.
CREATE TABLE channel_overrides (
  channel_id BYTEA NOT NULL REFERENCES channels (channel_id) ON DELETE CASCADE,
  role BIGINT NOT NULL,
  org_id BYTEA NOT NULL,
  allowed BIGINT NOT NULL,                 -- bits, as in Channel.permissions
  denied BIGINT NOT NULL,
  PRIMARY KEY (channel_id, role)
)
-- @sqlite
WITHOUT ROWID
-- @end
;
