-- Every record of a profile: names are blinded, contents sealed. Only counts and rough sizes can be seen.
CREATE TABLE records (
  name BYTEA PRIMARY KEY,
  kind BYTEA NOT NULL,
  value BYTEA NOT NULL
);
CREATE INDEX records_kind ON records (kind);
