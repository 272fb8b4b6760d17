-- Two public channels may have one name when nobody whose role shows him one of them gave it to the other: a refusal
-- would tell that a channel of a hidden space is there. Whoever gives a name is refused the names that he can see.
DROP INDEX channels_by_name;
CREATE INDEX channels_by_name ON channels (org_id, folded_name) WHERE folded_name IS NOT NULL AND deleted_at IS NULL;
