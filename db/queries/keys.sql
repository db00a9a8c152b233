-- name: key_put
INSERT INTO keys (id, name, kind, scopes, sha256, old_sha256, old_until_ms, prefix, last_four,
	requests_per_minute, concurrency, tokens_per_minute, day_micro_usd, month_micro_usd, expires_at_ms,
	rotated_at_ms, revoked_at_ms, created_at_ms, updated_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, scopes = excluded.scopes,
	requests_per_minute = excluded.requests_per_minute, concurrency = excluded.concurrency,
	tokens_per_minute = excluded.tokens_per_minute, day_micro_usd = excluded.day_micro_usd,
	month_micro_usd = excluded.month_micro_usd, expires_at_ms = excluded.expires_at_ms,
	sha256 = excluded.sha256, old_sha256 = excluded.old_sha256,
	old_until_ms = excluded.old_until_ms, prefix = excluded.prefix, last_four = excluded.last_four,
	rotated_at_ms = excluded.rotated_at_ms, revoked_at_ms = excluded.revoked_at_ms,
	updated_at_ms = excluded.updated_at_ms;
-- name: key_all
-- Revoked ones too: usage is told by key.
SELECT id, name, kind, scopes, sha256, old_sha256, old_until_ms, prefix, last_four,
	requests_per_minute, concurrency, tokens_per_minute, day_micro_usd, month_micro_usd, expires_at_ms,
	rotated_at_ms, revoked_at_ms, created_at_ms, updated_at_ms
FROM keys ORDER BY rowid;
-- name: key_spent
-- What each key spent since the month began (?1), and of that since the day did (?2).
SELECT key_id, SUM(CASE WHEN at_ms >= ?2 THEN MAX(cost_micro_usd, 0) ELSE 0 END),
	SUM(MAX(cost_micro_usd, 0)), MAX(cost_micro_usd)
FROM usage WHERE key_id <> '' AND at_ms >= MIN(?1, ?2) GROUP BY key_id;
-- name: key_recent
-- The chats of the last minute, for the limits a minute.
SELECT key_id, at_ms, duration_ms, prompt_tokens + completion_tokens
FROM usage WHERE key_id <> '' AND at_ms >= ?1 ORDER BY at_ms;
