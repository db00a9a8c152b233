-- Blind comparisons: the same prompt to two competitors, and what the caller said of their answers.

CREATE TABLE battles (
	id		TEXT PRIMARY KEY,	-- btl_...
	state		TEXT NOT NULL,	-- running, ended, voted, failed, abandoned, lost
	owner		TEXT NOT NULL,	-- who may vote: a key, or the address of a caller without one
	client		TEXT NOT NULL,	-- the address it came from
	request_id	TEXT NOT NULL,	-- of the call that began it
	prompt_sha256	TEXT NOT NULL,	-- of its body; what it said is kept nowhere
	a_competitor	TEXT NOT NULL,
	a_slug		TEXT NOT NULL,
	a_version	TEXT NOT NULL,
	a_digest	TEXT NOT NULL,
	a_request_id	TEXT NOT NULL,	-- of its chat
	a_code		TEXT NOT NULL,	-- why it failed; ''
	a_ttft_ms	INTEGER NOT NULL,	-- -1: nothing came
	a_duration_ms	INTEGER NOT NULL,
	b_competitor	TEXT NOT NULL,
	b_slug		TEXT NOT NULL,
	b_version	TEXT NOT NULL,
	b_digest	TEXT NOT NULL,
	b_request_id	TEXT NOT NULL,
	b_code		TEXT NOT NULL,
	b_ttft_ms	INTEGER NOT NULL,
	b_duration_ms	INTEGER NOT NULL,
	winner		TEXT NOT NULL,	-- a, b, tie, bad; '' before the vote
	created_at_ms	INTEGER NOT NULL,
	ended_at_ms	INTEGER NOT NULL,	-- 0: not yet
	voted_at_ms	INTEGER NOT NULL
) STRICT;
CREATE INDEX battles_created ON battles (created_at_ms);
