-- name: usage_add
INSERT INTO usage (request_id, at_ms, competitor, version_id, instance_id, code, status, stream,
	attempts, prompt_tokens, completion_tokens, is_estimated, cost_micro_usd, duration_ms, ttft_ms,
	max_gap_ms, bytes_in, bytes_out)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18);
