-- The authorities that certify devices: the installation's, not an organisation's. Several while one follows another.
CREATE TABLE device_authorities (
  generation BIGINT NOT NULL PRIMARY KEY,  -- 1, 2, ...
  certificate BYTEA NOT NULL,              -- DER
  sealed_key BYTEA,                        -- NULL: in the PKCS#11 token, or destroyed because it is retired
  key_label TEXT NOT NULL,                 -- of the pair in the token; empty: a sealed key
  created_at BIGINT NOT NULL,
  issues_from BIGINT NOT NULL,
  predecessor BIGINT,                      -- whom the two certificates are of and by; RFC 4210 section 4.4
  new_with_old BYTEA,
  old_with_new BYTEA,
  retired_at BIGINT
);

ALTER TABLE certificates ADD COLUMN authority BIGINT;  -- generation; NULL: of the first one
CREATE INDEX certificates_by_authority ON certificates (authority, not_after);
