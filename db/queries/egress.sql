-- name: egress_add
INSERT INTO egress (id, at_ms, competitor, instance_id, request_id, service, operation, target, decision, code, status,
	calls, duration_ms, bytes_in, bytes_out, prompt_tokens, completion_tokens, sandbox_ms, cost_micro_usd)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19);
-- name: egress_trim
-- Only the last ?1 stay.
DELETE FROM egress WHERE rowid <= (SELECT MAX(rowid) FROM egress) - ?1;
-- name: egress_recent
-- Newest first: of competitor ?1, request ?2, decision ?3, service ?4, older than ?5; NULL: any. At most ?6.
SELECT id, at_ms, competitor, instance_id, request_id, service, operation, target, decision, code, status,
	calls, duration_ms, bytes_in, bytes_out, prompt_tokens, completion_tokens, sandbox_ms, cost_micro_usd
FROM egress
WHERE (?1 IS NULL OR competitor = ?1) AND (?2 IS NULL OR request_id = ?2) AND (?3 IS NULL OR decision = ?3)
	AND (?4 IS NULL OR service = ?4) AND (?5 IS NULL OR rowid < (SELECT rowid FROM egress WHERE id = ?5))
ORDER BY rowid DESC LIMIT ?6;
-- name: egress_of_request
-- What the chat ?1 at instance ?2 called, in order, at most ?3.
SELECT id, at_ms, competitor, instance_id, request_id, service, operation, target, decision, code, status,
	calls, duration_ms, bytes_in, bytes_out, prompt_tokens, completion_tokens, sandbox_ms, cost_micro_usd
FROM egress INDEXED BY egress_request
WHERE request_id = ?1 AND request_id <> '' AND instance_id = ?2 ORDER BY rowid LIMIT ?3;
-- name: egress_cost
-- What the calls cost that the chat ?1 made at instance ?2 from ?3 on, until ?4. Those of a time when another chat
-- of that id ran there, too, are that one's if it was stored before this (?5).
SELECT SUM(MAX(e.cost_micro_usd, 0)) FROM egress e INDEXED BY egress_request
WHERE e.request_id = ?1 AND e.request_id <> '' AND e.instance_id = ?2 AND e.at_ms BETWEEN ?3 AND ?4
	AND NOT EXISTS (SELECT 1 FROM usage u
		WHERE u.rowid IN (SELECT rowid FROM usage WHERE request_id = ?1 AND rowid < ?5 ORDER BY rowid DESC LIMIT 16)
			AND u.instance_id = ?2 AND e.at_ms BETWEEN u.at_ms AND u.at_ms + u.duration_ms + 1);
-- name: egress_count
-- So many calls more on that day.
INSERT INTO egress_days (service, operation, competitor, day, calls) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (service, operation, competitor, day) DO UPDATE SET calls = calls + ?5;
-- name: egress_sums
-- Who called what, how often: ever, and since day ?1.
SELECT service, operation, competitor, SUM(calls), SUM(CASE WHEN day >= ?1 THEN calls ELSE 0 END)
FROM egress_days GROUP BY service, operation, competitor ORDER BY service, operation, competitor;
