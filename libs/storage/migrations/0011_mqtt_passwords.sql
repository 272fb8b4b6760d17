-- Passwords of people's programs for MQTT (SCRAM-SHA-256, RFC 7677). What is kept opens nothing; the password is random and
-- shown once. The salt follows from the id, so that one that does not exist answers alike.

CREATE TABLE mqtt_passwords (
  password_id BYTEA NOT NULL PRIMARY KEY,  -- also the name that programs sign in with
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  user_id BYTEA NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  stored_key BYTEA NOT NULL,
  server_key BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX mqtt_passwords_by_user ON mqtt_passwords (org_id, user_id, password_id);
