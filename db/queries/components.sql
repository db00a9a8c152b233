-- name: component_put
-- As it is now; its place in the order is that of its first row.
INSERT INTO components (id, version, state, reason, owner, author, reviewer, manifest, contract, created_at_ms,
	updated_at_ms, reviewed_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT (id, version) DO UPDATE SET state = ?3, reason = ?4, reviewer = ?7, updated_at_ms = ?11, reviewed_at_ms = ?12;
-- name: component_all
SELECT id, version, state, reason, owner, author, reviewer, manifest, contract, created_at_ms, updated_at_ms, reviewed_at_ms
FROM components ORDER BY rowid;
