-- name: event_add
INSERT INTO events (id, at_ms, actor, action, object_id, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
-- name: event_last
-- The newest first.
SELECT id, at_ms, actor, action, object_id, detail FROM events ORDER BY rowid DESC LIMIT ?1;
