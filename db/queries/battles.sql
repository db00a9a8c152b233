-- name: battle_put
-- As it is now; its place in the order is that of its first row.
INSERT INTO battles (id, state, owner, client, request_id, prompt_sha256, a_competitor, a_slug, a_version, a_digest,
	a_request_id, a_code, a_ttft_ms, a_duration_ms, b_competitor, b_slug, b_version, b_digest, b_request_id,
	b_code, b_ttft_ms, b_duration_ms, winner, created_at_ms, ended_at_ms, voted_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
	?25, ?26)
ON CONFLICT (id) DO UPDATE SET state = ?2, a_version = ?9, a_digest = ?10, a_code = ?12, a_ttft_ms = ?13,
	a_duration_ms = ?14, b_version = ?17, b_digest = ?18, b_code = ?20, b_ttft_ms = ?21, b_duration_ms = ?22,
	winner = ?23, ended_at_ms = ?25, voted_at_ms = ?26;
-- name: battle_lose
-- At start: what still runs was cut off.
UPDATE battles SET state = 'lost', ended_at_ms = ?1 WHERE state = 'running';
-- name: battle_forget
-- What nobody voted on before ?1 is of no use.
DELETE FROM battles WHERE winner = '' AND created_at_ms < ?1;
-- name: battle_newest
-- Newest first; before the one of id ?2, and in state ?3; '': any. At most ?1.
SELECT id, state, owner, client, request_id, prompt_sha256, a_competitor, a_slug, a_version, a_digest, a_request_id, a_code,
	a_ttft_ms, a_duration_ms, b_competitor, b_slug, b_version, b_digest, b_request_id, b_code, b_ttft_ms,
	b_duration_ms, winner, created_at_ms, ended_at_ms, voted_at_ms
FROM battles
WHERE (?2 = '' OR rowid < (SELECT rowid FROM battles WHERE id = ?2)) AND (?3 = '' OR state = ?3)
ORDER BY rowid DESC LIMIT ?1;
-- name: battle_one
SELECT id, state, owner, client, request_id, prompt_sha256, a_competitor, a_slug, a_version, a_digest, a_request_id, a_code,
	a_ttft_ms, a_duration_ms, b_competitor, b_slug, b_version, b_digest, b_request_id, b_code, b_ttft_ms,
	b_duration_ms, winner, created_at_ms, ended_at_ms, voted_at_ms
FROM battles WHERE id = ?1;
-- name: battle_since
-- Begun or voted on at ?1 or later, in order.
SELECT id, state, owner, client, request_id, prompt_sha256, a_competitor, a_slug, a_version, a_digest, a_request_id, a_code,
	a_ttft_ms, a_duration_ms, b_competitor, b_slug, b_version, b_digest, b_request_id, b_code, b_ttft_ms,
	b_duration_ms, winner, created_at_ms, ended_at_ms, voted_at_ms
FROM battles WHERE created_at_ms >= ?1 OR voted_at_ms >= ?1 ORDER BY rowid;
-- name: battle_sums
-- How often who met whom, and how it ended; '': without a vote.
SELECT a_competitor, MAX(a_slug), b_competitor, MAX(b_slug), winner, COUNT(*)
FROM battles GROUP BY a_competitor, b_competitor, winner ORDER BY a_competitor, b_competitor, winner;
