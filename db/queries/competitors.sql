-- name: competitor_put
INSERT INTO competitors (id, slug, wanted, version_id, created_at_ms, updated_at_ms, removed_at_ms, policy,
	candidate_id, candidate_percent, generation)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (id) DO UPDATE SET wanted = excluded.wanted, version_id = excluded.version_id,
	updated_at_ms = excluded.updated_at_ms, removed_at_ms = excluded.removed_at_ms,
	policy = excluded.policy, candidate_id = excluded.candidate_id,
	candidate_percent = excluded.candidate_percent, generation = excluded.generation;
-- name: competitor_all
-- Everything the registry keeps in memory; removed ones stay in the database only.
SELECT id, slug, wanted, version_id, created_at_ms, updated_at_ms, removed_at_ms, policy, candidate_id,
	candidate_percent, generation
FROM competitors WHERE removed_at_ms = 0 ORDER BY rowid;
