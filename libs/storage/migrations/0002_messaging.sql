-- Public keys, device lists, conversations, the log, the inboxes. Content is ciphertext.

CREATE TABLE device_keys (
  device_id BYTEA NOT NULL PRIMARY KEY REFERENCES devices (device_id) ON DELETE CASCADE,
  org_id BYTEA NOT NULL,
  user_id BYTEA NOT NULL REFERENCES users (user_id),
  identity_key BYTEA NOT NULL,             -- X25519
  signing_key BYTEA NOT NULL,              -- Ed25519
  signed_prekey_id BIGINT,
  signed_prekey_public BYTEA,
  signed_prekey_created_at BIGINT,
  signed_prekey_signature BYTEA,
  last_resort_id BIGINT,
  last_resort_public BYTEA,
  last_resort_created_at BIGINT,
  last_resort_signature BYTEA,
  last_one_time_id BIGINT NOT NULL DEFAULT 0,  -- the highest that was ever uploaded: ids only grow
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX device_keys_by_user ON device_keys (user_id, device_id);

-- Handed out by DELETE ... RETURNING, so each exactly once.
CREATE TABLE one_time_prekeys (
  device_id BYTEA NOT NULL REFERENCES devices (device_id) ON DELETE CASCADE,
  prekey_id BIGINT NOT NULL,
  org_id BYTEA NOT NULL,
  public_key BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (device_id, prekey_id)
)
-- @sqlite
WITHOUT ROWID
-- @end
;

CREATE TABLE device_lists (
  user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (user_id) ON DELETE CASCADE,
  org_id BYTEA NOT NULL,
  version BIGINT NOT NULL,
  document BYTEA NOT NULL,
  updated_at BIGINT NOT NULL
);

-- What the newest document names, so that recipients are found without decoding it.
CREATE TABLE device_list_members (
  user_id BYTEA NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  device_id BYTEA NOT NULL REFERENCES devices (device_id),
  org_id BYTEA NOT NULL,
  PRIMARY KEY (user_id, device_id)
)
-- @sqlite
WITHOUT ROWID
-- @end
;
CREATE INDEX device_list_members_by_device ON device_list_members (device_id);

CREATE TABLE conversations (
  conversation_id BYTEA NOT NULL PRIMARY KEY,
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  kind TEXT NOT NULL CHECK (kind IN ('direct')),
  direct_key BYTEA,                        -- kind 'direct': lower user id, then the higher one
  head_seq BIGINT NOT NULL DEFAULT 0,      -- seq of the newest message; gap-free
  created_by BYTEA,
  created_at BIGINT NOT NULL,
  last_activity_at BIGINT NOT NULL,
  UNIQUE (org_id, direct_key)
);

CREATE TABLE conversation_members (
  conversation_id BYTEA NOT NULL REFERENCES conversations (conversation_id) ON DELETE CASCADE,
  user_id BYTEA NOT NULL REFERENCES users (user_id),
  org_id BYTEA NOT NULL,
  joined_at BIGINT NOT NULL,
  left_at BIGINT,
  PRIMARY KEY (conversation_id, user_id)
)
-- @sqlite
WITHOUT ROWID
-- @end
;
CREATE INDEX conversation_members_by_user ON conversation_members (user_id, conversation_id);

CREATE TABLE messages (
  conversation_id BYTEA NOT NULL REFERENCES conversations (conversation_id) ON DELETE CASCADE,
  seq BIGINT NOT NULL,
  org_id BYTEA NOT NULL,
  message_id BYTEA NOT NULL,               -- made by the sending device: its idempotency key
  sender_user_id BYTEA NOT NULL,
  sender_device_id BYTEA NOT NULL,
  sent_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  ciphertext BYTEA,                        -- NULL: encrypted for each device, in device_inbox
  PRIMARY KEY (conversation_id, seq)
);
-- A device belongs to one organisation, so this is unique in it. Message ids rise with time: the
-- newest entries share a page whoever sends.
CREATE UNIQUE INDEX messages_by_sender ON messages (message_id, sender_device_id);

-- Entries of one device are numbered in the order of their arrival: fetching, acknowledging and
-- expiring run along the primary key.
CREATE TABLE device_inbox (
  device_id BYTEA NOT NULL REFERENCES devices (device_id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  org_id BYTEA NOT NULL,
  conversation_id BYTEA NOT NULL,
  seq BIGINT NOT NULL,
  message_id BYTEA NOT NULL,
  sender_user_id BYTEA NOT NULL,
  sender_device_id BYTEA NOT NULL,
  sent_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  ciphertext BYTEA NOT NULL,
  PRIMARY KEY (device_id, position)
);
