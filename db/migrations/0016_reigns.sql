-- Who was, is, or was to be champion, and why: a row a reign.

CREATE TABLE reigns (
	id			TEXT PRIMARY KEY,	-- rgn_...
	competitor_id		TEXT NOT NULL,
	slug			TEXT NOT NULL,
	version_id		TEXT NOT NULL,	-- that its runs were of; '' when none were asked for
	state			TEXT NOT NULL CHECK (state IN ('canary', 'reigning', 'ended', 'refused', 'rolled_back')),
	cause			TEXT NOT NULL CHECK (cause IN ('rule', 'manual', 'rollback')),
	actor			TEXT NOT NULL,
	reason			TEXT NOT NULL,	-- why it began
	end_reason		TEXT NOT NULL,	-- why it ended; ''
	detail			TEXT NOT NULL,
	previous_id		TEXT NOT NULL,	-- the reign before; ''
	percent			INTEGER NOT NULL,	-- of the chats, while on trial
	proof			TEXT NOT NULL,	-- JSON: runs, scores, difference; '' without
	base_chats		INTEGER NOT NULL,	-- live, of whoever answered before
	base_bad		INTEGER NOT NULL,
	base_timed		INTEGER NOT NULL,
	base_ttft_p95_ms	INTEGER NOT NULL,
	trial_chats		INTEGER NOT NULL,	-- live, of its own on trial
	trial_bad		INTEGER NOT NULL,
	trial_timed		INTEGER NOT NULL,
	trial_ttft_p95_ms	INTEGER NOT NULL,
	created_at_ms		INTEGER NOT NULL,
	crowned_at_ms		INTEGER NOT NULL,	-- 0: not yet, or never
	ended_at_ms		INTEGER NOT NULL,	-- 0: it has not
	updated_at_ms		INTEGER NOT NULL
) STRICT;
-- One champion and one on trial at a time, whatever happens.
CREATE UNIQUE INDEX reigns_one ON reigns (state) WHERE state IN ('canary', 'reigning');
