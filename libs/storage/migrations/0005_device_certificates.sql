-- Certificates of devices, and the one-time codes with which devices enrol. Keys never leave the devices.

CREATE TABLE certificates (
  serial_number BYTEA NOT NULL PRIMARY KEY,
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  device_id BYTEA NOT NULL REFERENCES devices (device_id),
  certificate BYTEA NOT NULL,          -- DER
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  replaces BYTEA,                      -- serial number that ends when this one is first seen
  first_seen_at BIGINT,
  revoked_at BIGINT,
  reason BIGINT                        -- CRLReason, RFC 5280 section 5.3.1
);
CREATE INDEX certificates_by_device ON certificates (org_id, device_id, serial_number);
CREATE INDEX certificates_by_revocation ON certificates (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE enrolment_codes (
  code_hash BYTEA NOT NULL PRIMARY KEY,  -- SHA-256 of 128 random bits as text
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  device_id BYTEA NOT NULL REFERENCES devices (device_id),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX enrolment_codes_by_device ON enrolment_codes (org_id, device_id);
