-- name: reign_put
INSERT INTO reigns (id, competitor_id, slug, version_id, state, cause, actor, reason, end_reason, detail, previous_id,
	percent, proof, base_chats, base_bad, base_timed, base_ttft_p95_ms, trial_chats, trial_bad, trial_timed,
	trial_ttft_p95_ms, created_at_ms, crowned_at_ms, ended_at_ms, updated_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, end_reason = excluded.end_reason, detail = excluded.detail,
	previous_id = excluded.previous_id, base_chats = excluded.base_chats, base_bad = excluded.base_bad,
	base_timed = excluded.base_timed, base_ttft_p95_ms = excluded.base_ttft_p95_ms,
	trial_chats = excluded.trial_chats, trial_bad = excluded.trial_bad, trial_timed = excluded.trial_timed,
	trial_ttft_p95_ms = excluded.trial_ttft_p95_ms, crowned_at_ms = excluded.crowned_at_ms,
	ended_at_ms = excluded.ended_at_ms, updated_at_ms = excluded.updated_at_ms;
-- name: reign_all
-- All, in the order they began.
SELECT id, competitor_id, slug, version_id, state, cause, actor, reason, end_reason, detail, previous_id,
	percent, proof, base_chats, base_bad, base_timed, base_ttft_p95_ms, trial_chats, trial_bad, trial_timed,
	trial_ttft_p95_ms, created_at_ms, crowned_at_ms, ended_at_ms, updated_at_ms
FROM reigns ORDER BY rowid;
