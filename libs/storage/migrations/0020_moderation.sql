-- A deletion of somebody else's message, which the sender's role in the channel allowed.
ALTER TABLE messages ADD COLUMN by_moderator BIGINT NOT NULL DEFAULT 0;
