-- API keys, and whose each chat was.

CREATE TABLE keys (
	id			TEXT PRIMARY KEY,
	name			TEXT NOT NULL,
	kind			TEXT NOT NULL CHECK (kind IN ('sk', 'ad', 'mn')),
	scopes			TEXT NOT NULL,	-- words with a blank between them
	sha256			TEXT NOT NULL,	-- of the secret; the secret itself is nowhere
	old_sha256		TEXT NOT NULL,	-- of the one before the last rotation, or ''
	old_until_ms		INTEGER NOT NULL,	-- and how long that is still taken
	prefix			TEXT NOT NULL,	-- for people to know it by
	last_four		TEXT NOT NULL,
	requests_per_minute	INTEGER NOT NULL,	-- limits: 0 is none
	concurrency		INTEGER NOT NULL,
	tokens_per_minute	INTEGER NOT NULL,
	day_micro_usd		INTEGER NOT NULL,
	month_micro_usd		INTEGER NOT NULL,
	expires_at_ms		INTEGER NOT NULL,	-- 0: never
	rotated_at_ms		INTEGER NOT NULL DEFAULT 0,
	revoked_at_ms		INTEGER NOT NULL DEFAULT 0,
	created_at_ms		INTEGER NOT NULL,
	updated_at_ms		INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX keys_name ON keys (name) WHERE revoked_at_ms = 0;
CREATE UNIQUE INDEX keys_sha256 ON keys (sha256);

ALTER TABLE usage ADD COLUMN key_id TEXT NOT NULL DEFAULT '';	-- '' without a key
CREATE INDEX usage_key ON usage (key_id, at_ms);
