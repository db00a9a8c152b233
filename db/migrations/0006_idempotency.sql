-- Answers to requests with an Idempotency-Key, for those who ask again.

CREATE TABLE idempotency (
	id			TEXT PRIMARY KEY,	-- SHA-256 of caller and key: the key itself is nowhere
	request_sha256		TEXT NOT NULL,
	object_id		TEXT NOT NULL,	-- what the request was about, or ''
	status			INTEGER NOT NULL,	-- 0: it was done, but its answer was not stored yet
	sealed			TEXT NOT NULL,	-- the answer, sealed with caller and key
	at_ms			INTEGER NOT NULL
) STRICT;
CREATE INDEX idempotency_at ON idempotency (at_ms);
