-- Asked before every message of a group. An index of the conversation alone says no more than the table's own key, and a
-- query planner reads all members by that.
DROP INDEX mls_members_due;
CREATE INDEX mls_members_leaving ON mls_members (removal_by_server, conversation_id) WHERE removal_by_server = 1;
