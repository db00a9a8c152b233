-- name: event_add
INSERT INTO events (id, at_ms, actor, action, object_id, detail, request_id, before, after, prev, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);
-- name: event_head
SELECT hash FROM events ORDER BY rowid DESC LIMIT 1;
-- name: event_newest
-- Newest first; before the one of that id; ?3 empty: of any object.
SELECT id, at_ms, actor, action, object_id, detail, request_id, before, after, prev, hash FROM events
WHERE (?2 = '' OR rowid < (SELECT rowid FROM events WHERE id = ?2)) AND (?3 = '' OR object_id = ?3)
ORDER BY rowid DESC LIMIT ?1;
-- name: event_oldest
-- Oldest first; after the one of that id.
SELECT id, at_ms, actor, action, object_id, detail, request_id, before, after, prev, hash FROM events
WHERE rowid > COALESCE((SELECT rowid FROM events WHERE id = ?2), 0) AND (?3 = '' OR object_id = ?3)
ORDER BY rowid LIMIT ?1;
-- name: event_sweep
-- At most ?2 of those before ?1, from the oldest on without a gap; the newest stays.
DELETE FROM events WHERE rowid IN (SELECT rowid FROM events
	WHERE rowid < COALESCE((SELECT MIN(rowid) FROM events WHERE at_ms >= ?1), (SELECT MAX(rowid) FROM events))
	ORDER BY rowid LIMIT ?2);
