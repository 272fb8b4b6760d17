-- What an organisation wants its topics to be protected by. Without a row the server's setting stands.
CREATE TABLE topic_protection (
  org_id BYTEA NOT NULL PRIMARY KEY REFERENCES organizations (org_id),
  encrypted_topics TEXT,           -- filters, JSON; NULL: those of the server's setting
  plaintext_topics TEXT NOT NULL,  -- filters, JSON: where end-to-end encrypted devices may publish plaintext
  version BIGINT NOT NULL,         -- rises with every change
  updated_at BIGINT NOT NULL
);
