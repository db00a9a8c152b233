-- name: history_add
INSERT INTO histories (submission_id, place, signer, exported_at_ms, imported_at_ms, manifest, signature, story)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
-- name: history_of_competitor
-- Of competitor ?1, oldest first: what came with a submission that was accepted, each once, as it first came.
SELECT h.submission_id, h.place, h.signer, h.exported_at_ms, h.imported_at_ms, h.manifest, h.signature, h.story,
	MIN(h.rowid)
FROM histories h JOIN submissions s ON s.id = h.submission_id
WHERE s.competitor_id = ?1 AND s.state = 'ready'
GROUP BY h.signer, h.manifest ORDER BY MIN(h.rowid);
