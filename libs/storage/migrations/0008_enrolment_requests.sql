-- Requests for certificates that wait for somebody's approval. One a device: a newer code voids what was before.

CREATE TABLE enrolment_requests (
  device_id BYTEA NOT NULL PRIMARY KEY REFERENCES devices (device_id),
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  code_hash BYTEA NOT NULL,     -- of the code that was used; from then on it is good for this key alone
  fingerprint BYTEA NOT NULL,   -- SHA-256 of the key's SubjectPublicKeyInfo
  ip_address TEXT NOT NULL,     -- where it came from
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  approved BIGINT               -- NULL: waits; 1, 0: decided
);
CREATE INDEX enrolment_requests_by_org ON enrolment_requests (org_id, device_id);
