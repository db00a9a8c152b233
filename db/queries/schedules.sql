-- name: schedule_put
INSERT INTO schedules (id, cron, zone, suite, competitor_id, missed, jitter_ms, seed, subset_percent, epochs,
	concurrency, looked_at_ms, created_at_ms, updated_at_ms, removed_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
ON CONFLICT (id) DO UPDATE SET looked_at_ms = excluded.looked_at_ms, updated_at_ms = excluded.updated_at_ms,
	removed_at_ms = excluded.removed_at_ms;
-- name: schedule_all
SELECT id, cron, zone, suite, competitor_id, missed, jitter_ms, seed, subset_percent, epochs, concurrency, looked_at_ms,
	created_at_ms, updated_at_ms, removed_at_ms
FROM schedules WHERE removed_at_ms = 0 ORDER BY rowid;
