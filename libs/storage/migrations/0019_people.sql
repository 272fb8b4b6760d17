-- People are found by the beginnings of their names' words, and who is called otherwise is found by when that was.

-- User name and display name, folded, each of their words behind a space; NULL: not yet written in that form.
ALTER TABLE users ADD COLUMN search_text TEXT;
ALTER TABLE users ADD COLUMN display_name_changed_at BIGINT;
CREATE INDEX users_by_new_name ON users (org_id, display_name_changed_at) WHERE display_name_changed_at IS NOT NULL;

-- 1: nobody but an administrator lists people with whom he shares no conversation.
ALTER TABLE chat_policies ADD COLUMN hides_people BIGINT NOT NULL DEFAULT 0;
