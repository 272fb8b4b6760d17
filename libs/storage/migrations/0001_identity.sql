-- Organisations, people, devices, sessions, roles.
-- Ids are 16 bytes (UUIDv7), times BIGINT microseconds since 1970 UTC, booleans BIGINT 0/1, NULL means "not" or "none".
-- Every row carries org_id, and every query is scoped by it.

CREATE TABLE organizations (
  org_id BYTEA NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  open_sign_up BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  disabled_at BIGINT
);

CREATE TABLE users (
  user_id BYTEA NOT NULL PRIMARY KEY,
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  username TEXT NOT NULL,              -- stored folded
  display_name TEXT NOT NULL,
  password_hash TEXT,                  -- PHC string; NULL: cannot log in with a password
  password_changed_at BIGINT,
  must_change_password BIGINT NOT NULL DEFAULT 0,
  disabled BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  last_login_at BIGINT,
  UNIQUE (org_id, username)
);
CREATE INDEX users_by_org ON users (org_id, user_id);

CREATE TABLE devices (
  device_id BYTEA NOT NULL PRIMARY KEY,
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  user_id BYTEA REFERENCES users (user_id),  -- NULL: an IoT device that belongs to the organisation
  name TEXT NOT NULL,
  platform TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('client', 'iot')),
  created_at BIGINT NOT NULL,
  created_by BYTEA,
  last_seen_at BIGINT,
  revoked_at BIGINT,
  inbox_head BIGINT NOT NULL DEFAULT 0,   -- position of the newest entry of device_inbox
  inbox_acked BIGINT NOT NULL DEFAULT 0,  -- entries up to here are forgotten
  api_key_hash BYTEA UNIQUE               -- kind 'iot'
);
CREATE INDEX devices_by_user ON devices (user_id, device_id);
CREATE INDEX devices_by_org ON devices (org_id, kind, device_id);
CREATE INDEX devices_by_revocation ON devices (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE sessions (
  session_id BYTEA NOT NULL PRIMARY KEY,   -- also the refresh token's family
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  user_id BYTEA NOT NULL REFERENCES users (user_id),
  device_id BYTEA REFERENCES devices (device_id),
  -- A refresh token holds two secrets: one for the life of the session, one that each refresh replaces. The first right
  -- and the second wrong is an old token, however old, and revokes the session.
  family_hash BYTEA NOT NULL,
  refresh_hash BYTEA NOT NULL,             -- of the token that is valid now
  previous_refresh_hash BYTEA,             -- of the one before it, with the key under which that
  retry_key_hash BYTEA,                    -- refresh may be repeated (Idempotency-Key)
  created_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  revoked_reason TEXT,
  ip_address TEXT NOT NULL,
  user_agent TEXT NOT NULL
);
CREATE INDEX sessions_by_revocation ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX sessions_by_user ON sessions (user_id, session_id);
CREATE INDEX sessions_by_device ON sessions (device_id) WHERE device_id IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE roles (
  role_id BYTEA NOT NULL PRIMARY KEY,
  org_id BYTEA REFERENCES organizations (org_id),  -- NULL: built in
  name TEXT NOT NULL,
  permissions TEXT NOT NULL,                       -- JSON array of names
  parent_role_id BYTEA REFERENCES roles (role_id),
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX roles_by_org ON roles (org_id, name) WHERE org_id IS NOT NULL;
CREATE UNIQUE INDEX roles_built_in ON roles (name) WHERE org_id IS NULL;

CREATE TABLE user_roles (
  user_id BYTEA NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  role_id BYTEA NOT NULL REFERENCES roles (role_id),
  scope TEXT NOT NULL CHECK (scope IN ('system', 'org', 'space', 'channel')),
  scope_id BYTEA NOT NULL,                 -- of the organisation, space, channel; nil id for 'system'
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  granted_by BYTEA,
  granted_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, role_id, scope, scope_id)
);
CREATE INDEX user_roles_by_role ON user_roles (org_id, role_id, user_id);

CREATE TABLE invitations (
  invitation_id BYTEA NOT NULL PRIMARY KEY,
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  token_hash BYTEA NOT NULL UNIQUE,
  role TEXT NOT NULL,
  created_by BYTEA,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT,
  used_by BYTEA,
  revoked_at BIGINT
);
CREATE INDEX invitations_by_org ON invitations (org_id, invitation_id);
CREATE INDEX invitations_by_expiry ON invitations (expires_at);

CREATE TABLE signing_keys (
  kid TEXT NOT NULL PRIMARY KEY,
  algorithm TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  sealed_private BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  not_before BIGINT NOT NULL,   -- signs from then on
  retire_at BIGINT              -- verifies until then; NULL: not planned
);

-- Single facts of the installation: whether it was set up, the hash of the one-time set-up token.
CREATE TABLE server_state (
  name TEXT NOT NULL PRIMARY KEY,
  value BYTEA NOT NULL,
  updated_at BIGINT NOT NULL
);

-- Idempotency-Key of the REST face: the same request again gets the first answer.
CREATE TABLE idempotency_keys (
  org_id BYTEA NOT NULL,
  user_id BYTEA NOT NULL,
  idempotency_key TEXT NOT NULL,
  operation TEXT NOT NULL,
  request_hash BYTEA NOT NULL,
  status BIGINT NOT NULL,
  response BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
