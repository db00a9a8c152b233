-- name: meta_get
-- A setting the daemon made for itself (its node id).
SELECT value FROM meta WHERE key = ?1;
-- name: meta_put
INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value;
