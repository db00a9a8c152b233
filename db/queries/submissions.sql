-- name: submission_put
INSERT INTO submissions (id, slug, kind, reference, manifest, state, reason, detail, since_ms, digest,
	is_local, image_id, version_id, competitor_id, instance_id, fault, evidence, attempts,
	created_at_ms, updated_at_ms, check_only, archive)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
	manifest = excluded.manifest, detail = excluded.detail, since_ms = excluded.since_ms,
	digest = excluded.digest, is_local = excluded.is_local, image_id = excluded.image_id,
	version_id = excluded.version_id,
	competitor_id = excluded.competitor_id, instance_id = excluded.instance_id,
	fault = excluded.fault, evidence = excluded.evidence, attempts = excluded.attempts,
	updated_at_ms = excluded.updated_at_ms;
-- name: submission_all
-- In the order they came. ?1 NULL: the newest thousand, and all that are not at their end; else that one.
SELECT id, slug, kind, reference, manifest, state, reason, detail, since_ms, digest, is_local,
	image_id, version_id, competitor_id, instance_id, fault, evidence, attempts, created_at_ms, updated_at_ms,
	check_only, archive
FROM submissions
WHERE id IN (SELECT ?1
	UNION ALL SELECT id FROM (SELECT id FROM submissions WHERE ?1 IS NULL ORDER BY rowid DESC LIMIT 1000)
	UNION ALL SELECT id FROM submissions
		WHERE ?1 IS NULL AND state NOT IN ('ready', 'rejected', 'failed', 'cancelled', 'retired'))
ORDER BY rowid;
