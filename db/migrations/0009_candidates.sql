-- A version that answers a share of a competitor's chats before it serves all of them.
ALTER TABLE competitors ADD COLUMN candidate_id TEXT NOT NULL DEFAULT '';
ALTER TABLE competitors ADD COLUMN candidate_percent INTEGER NOT NULL DEFAULT 0;
