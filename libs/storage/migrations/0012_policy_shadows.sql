-- A version of the policy that is asked beside the one in force and decides nothing; and what it would have decided
-- otherwise.

CREATE TABLE policy_shadows (
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  number BIGINT NOT NULL,              -- rises with every beginning and end
  version BIGINT NOT NULL,             -- 0: none is asked
  started_at BIGINT NOT NULL,
  asked BIGINT NOT NULL,               -- decisions since then
  differing BIGINT NOT NULL,           -- of them
  PRIMARY KEY (org_id)
);

CREATE TABLE policy_differences (
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  input_digest BYTEA NOT NULL,         -- SHA-256 of the input's canonical JSON
  input TEXT NOT NULL,
  revision TEXT NOT NULL,              -- that was in force
  was_allowed BIGINT NOT NULL,
  ground TEXT NOT NULL,                -- of the shadow's answer
  times BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (org_id, input_digest)
);
