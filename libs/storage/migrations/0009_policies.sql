-- Policies by version, and which of them was in force when. The one in force is the last activation's.

CREATE TABLE policies (
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  version BIGINT NOT NULL,             -- 1, 2, 3, ... in each organisation
  revision TEXT NOT NULL,              -- as its author calls it
  documents TEXT NOT NULL,             -- JSON: {"modules": [{"file", "text"}], "data": {...}}
  v0_syntax BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (org_id, version)
);

CREATE TABLE policy_activations (
  org_id BYTEA NOT NULL REFERENCES organizations (org_id),
  number BIGINT NOT NULL,              -- 1, 2, 3, ... in each organisation
  version BIGINT NOT NULL,
  activated_at BIGINT NOT NULL,
  PRIMARY KEY (org_id, number),
  FOREIGN KEY (org_id, version) REFERENCES policies (org_id, version)
);
