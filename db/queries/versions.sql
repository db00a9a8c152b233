-- name: version_put
INSERT INTO versions (id, competitor_id, kind, reference, digest, image_id, manifest, accepted_at_ms,
	retired_at_ms, created_at_ms, updated_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (id) DO UPDATE SET image_id = excluded.image_id, accepted_at_ms = excluded.accepted_at_ms,
	retired_at_ms = excluded.retired_at_ms, updated_at_ms = excluded.updated_at_ms;
-- name: version_all
SELECT v.id, v.competitor_id, v.kind, v.reference, v.digest, v.image_id, v.manifest, v.accepted_at_ms,
	v.retired_at_ms, v.created_at_ms, v.updated_at_ms
FROM versions v JOIN competitors c ON c.id = v.competitor_id
WHERE c.removed_at_ms = 0 ORDER BY v.rowid;
