-- What an organisation knows of its IoT devices beside their names: type, owner, groups, labels, firmware, and the device
-- twin: what is wanted of a device and what it last said of itself. A device without a row has none of it.

CREATE TABLE device_registry (
  device_id BYTEA NOT NULL PRIMARY KEY REFERENCES devices (device_id),
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  device_type TEXT NOT NULL DEFAULT '',
  owner_id BYTEA REFERENCES users (user_id),  -- NULL: the organisation
  firmware TEXT NOT NULL DEFAULT '',          -- as the device says
  encrypted BIGINT NOT NULL DEFAULT 0,        -- end-to-end: the twin is ciphertext
  desired BYTEA,                              -- JSON text, or ciphertext
  desired_version BIGINT NOT NULL DEFAULT 0,  -- rises with every change
  desired_at BIGINT,
  reported BYTEA,
  reported_version BIGINT NOT NULL DEFAULT 0,
  reported_at BIGINT,
  deleted_at BIGINT                           -- forgotten; the certificates stay to be told revoked
);
CREATE INDEX device_registry_by_owner ON device_registry (owner_id) WHERE owner_id IS NOT NULL;

CREATE TABLE device_tags (
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  device_id BYTEA NOT NULL REFERENCES devices (device_id),
  kind TEXT NOT NULL CHECK (kind IN ('group', 'label')),
  name TEXT NOT NULL,
  value TEXT NOT NULL,                        -- of a label; a group has none: ''
  PRIMARY KEY (device_id, kind, name)
);
CREATE INDEX device_tags_by_name ON device_tags (org_id, kind, name, value, device_id);
