-- name: idempotency_put
INSERT INTO idempotency (id, request_sha256, object_id, status, sealed, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (id) DO UPDATE SET request_sha256 = excluded.request_sha256, status = excluded.status,
	object_id = CASE WHEN excluded.object_id <> '' THEN excluded.object_id ELSE object_id END,
	sealed = excluded.sealed, at_ms = excluded.at_ms;
-- name: idempotency_get
SELECT request_sha256, object_id, status, sealed, at_ms FROM idempotency WHERE id = ?1 AND at_ms > ?2;
-- name: idempotency_expire
DELETE FROM idempotency WHERE at_ms <= ?1;
