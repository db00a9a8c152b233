-- name: run_put
INSERT INTO runs (id, competitor_id, version_id, slug, digest, suite, suite_digest, scoring, seed, subset_percent,
	epochs, concurrency, cause, cause_id, tick_ms, not_before_ms, state, reason, detail, since_ms, lease, worker,
	requeues, cancelling, done, total, code, fault, is_whole, report, key_id, created_at_ms, updated_at_ms,
	started_at_ms, finished_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
	?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason, detail = excluded.detail,
	since_ms = excluded.since_ms, lease = excluded.lease, worker = excluded.worker, requeues = excluded.requeues,
	cancelling = excluded.cancelling, done = excluded.done, total = excluded.total, code = excluded.code,
	fault = excluded.fault, is_whole = excluded.is_whole, report = excluded.report, key_id = excluded.key_id,
	updated_at_ms = excluded.updated_at_ms, started_at_ms = excluded.started_at_ms,
	finished_at_ms = excluded.finished_at_ms;
-- name: run_all
-- In the order they came. ?1 NULL: the newest thousand, and all that are not at their end; else that one.
SELECT id, competitor_id, version_id, slug, digest, suite, suite_digest, scoring, seed, subset_percent, epochs,
	concurrency, cause, cause_id, tick_ms, not_before_ms, state, reason, detail, since_ms, lease, worker, requeues,
	cancelling, done, total, code, fault, is_whole, report, key_id, created_at_ms, updated_at_ms, started_at_ms,
	finished_at_ms
FROM runs
WHERE id IN (SELECT ?1
	UNION ALL SELECT id FROM (SELECT id FROM runs WHERE ?1 IS NULL ORDER BY rowid DESC LIMIT 1000)
	UNION ALL SELECT id FROM runs WHERE ?1 IS NULL AND state IN ('queued', 'running'))
ORDER BY rowid;
-- name: run_count
SELECT COUNT(*) FROM runs;
-- name: run_whole
-- Finished ones that cover their suite, the earliest first; ?1 '': of any suite.
SELECT id, competitor_id, version_id, slug, digest, suite, suite_digest, scoring, seed, subset_percent, epochs,
	concurrency, cause, cause_id, tick_ms, not_before_ms, state, reason, detail, since_ms, lease, worker, requeues,
	cancelling, done, total, code, fault, is_whole, report, key_id, created_at_ms, updated_at_ms, started_at_ms,
	finished_at_ms
FROM runs WHERE is_whole = 1 AND (?1 = '' OR suite = ?1) ORDER BY finished_at_ms, id;
-- name: run_item_put
-- The first that came stays.
INSERT INTO run_items (run_id, item, epoch, id, state, fault, result, lease, at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (run_id, item, epoch) DO NOTHING;
-- name: run_item_of
SELECT run_id, item, epoch, id, state, fault, result, lease, at_ms FROM run_items WHERE run_id = ?1
ORDER BY at_ms, item, epoch;
-- name: run_item_open
-- Of runs that are not at their end, without what came of them.
SELECT i.run_id, i.item, i.epoch, i.id, i.state, i.fault, '', i.lease, i.at_ms
FROM run_items i JOIN runs r ON r.id = i.run_id WHERE r.state IN ('queued', 'running');
