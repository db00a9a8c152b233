-- name: instance_put
INSERT INTO instances (id, competitor_id, version_id, state, reason, detail, since_ms, uid,
	token_sha256, spec_hash, restarts, failures, next_try_ms, evidence, created_at_ms, updated_at_ms,
	removed_at_ms, generation)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
	detail = excluded.detail, since_ms = excluded.since_ms, token_sha256 = excluded.token_sha256,
	spec_hash = excluded.spec_hash, restarts = excluded.restarts, failures = excluded.failures,
	next_try_ms = excluded.next_try_ms, evidence = excluded.evidence,
	updated_at_ms = excluded.updated_at_ms, removed_at_ms = excluded.removed_at_ms;
-- name: instance_all
SELECT id, competitor_id, version_id, state, reason, detail, since_ms, uid, token_sha256, spec_hash,
	restarts, failures, next_try_ms, evidence, created_at_ms, updated_at_ms, removed_at_ms,
	generation
FROM instances WHERE removed_at_ms = 0 ORDER BY rowid;
