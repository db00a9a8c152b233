-- name: artifact_put
INSERT INTO artifacts (id, owner, request_id, competitor, declared_id, purpose, name, kind, type, sha256, size_bytes,
	created_at_ms, expires_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);
-- name: artifact_delete
DELETE FROM artifacts WHERE id = ?1;
-- name: artifact_all
-- All, in the order they were made.
SELECT id, owner, request_id, competitor, declared_id, purpose, name, kind, type, sha256, size_bytes,
	created_at_ms, expires_at_ms
FROM artifacts ORDER BY rowid;
-- name: artifact_one
SELECT id, owner, request_id, competitor, declared_id, purpose, name, kind, type, sha256, size_bytes,
	created_at_ms, expires_at_ms
FROM artifacts WHERE id = ?1;
