-- name: usage_add
INSERT INTO usage (request_id, at_ms, competitor, version_id, instance_id, code, status, stream,
	attempts, prompt_tokens, completion_tokens, is_estimated, cost_micro_usd, duration_ms, ttft_ms,
	max_gap_ms, queue_ms, bytes_in, bytes_out, key_id, fault)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21);
-- name: usage_by_key
-- Since ?1; a chat is counted when it was accepted.
SELECT key_id, COUNT(*), SUM(status >= 400 OR code <> ''), SUM(MAX(prompt_tokens, 0)),
	SUM(MAX(completion_tokens, 0)), SUM(MAX(cost_micro_usd, 0)), SUM(duration_ms), MAX(at_ms)
FROM usage WHERE at_ms >= ?1 GROUP BY key_id ORDER BY COUNT(*) DESC, key_id LIMIT 1000;
-- name: usage_by_competitor
SELECT competitor, COUNT(*), SUM(status >= 400 OR code <> ''), SUM(MAX(prompt_tokens, 0)),
	SUM(MAX(completion_tokens, 0)), SUM(MAX(cost_micro_usd, 0)), SUM(duration_ms), MAX(at_ms)
FROM usage WHERE at_ms >= ?1 GROUP BY competitor ORDER BY COUNT(*) DESC, competitor LIMIT 1000;
-- name: usage_by_day
SELECT date(at_ms / 1000, 'unixepoch'), COUNT(*), SUM(status >= 400 OR code <> ''), SUM(MAX(prompt_tokens, 0)),
	SUM(MAX(completion_tokens, 0)), SUM(MAX(cost_micro_usd, 0)), SUM(duration_ms), MAX(at_ms)
FROM usage WHERE at_ms >= ?1 GROUP BY at_ms / 86400000 ORDER BY at_ms / 86400000 DESC LIMIT 1000;
-- name: usage_since
SELECT COUNT(*) FROM usage WHERE at_ms >= ?1;
-- name: usage_recent
-- Newest first: of competitor ?1, with code ?2, older than request ?3; NULL: any. At most ?4.
SELECT request_id, at_ms, competitor, version_id, instance_id, code, status, stream, attempts, prompt_tokens,
	completion_tokens, is_estimated, cost_micro_usd, duration_ms, ttft_ms, max_gap_ms, queue_ms,
	bytes_in, bytes_out, fault
FROM usage
WHERE (?1 IS NULL OR competitor = ?1) AND (?2 IS NULL OR code = ?2)
	AND (?3 IS NULL OR rowid < (SELECT MAX(rowid) FROM usage WHERE request_id = ?3))
ORDER BY rowid DESC LIMIT ?4;
-- name: usage_one
-- A client may have used an id twice: the last counts.
SELECT request_id, at_ms, competitor, version_id, instance_id, code, status, stream, attempts, prompt_tokens,
	completion_tokens, is_estimated, cost_micro_usd, duration_ms, ttft_ms, max_gap_ms, queue_ms,
	bytes_in, bytes_out, fault
FROM usage WHERE request_id = ?1 ORDER BY rowid DESC LIMIT 1;
-- name: usage_of_call
-- The chat ?1 at instance ?2 that ran at ?3, of several the first that was stored: a client may use an id for ever.
SELECT rowid, key_id, at_ms, duration_ms, cost_micro_usd FROM usage
WHERE rowid IN (SELECT rowid FROM usage WHERE request_id = ?1 ORDER BY rowid DESC LIMIT 16)
	AND instance_id = ?2 AND ?3 BETWEEN at_ms AND at_ms + duration_ms + 1
ORDER BY rowid LIMIT 1;
-- name: usage_cost
UPDATE usage SET cost_micro_usd = ?2 WHERE rowid = ?1;
-- name: usage_sweep
-- At most ?2 of those before ?1, the oldest first.
DELETE FROM usage WHERE rowid IN (SELECT rowid FROM usage WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2);
