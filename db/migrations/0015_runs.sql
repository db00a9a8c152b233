-- Benchmark runs, what came of each item, and the schedules that make runs.

CREATE TABLE runs (
	id			TEXT PRIMARY KEY,
	competitor_id		TEXT NOT NULL,
	version_id		TEXT NOT NULL,	-- what is measured, from the beginning to the end
	slug			TEXT NOT NULL,
	digest			TEXT NOT NULL,	-- of its image; '' for a URL
	suite			TEXT NOT NULL,
	suite_digest		TEXT NOT NULL,	-- pinned when the run was made
	scoring			TEXT NOT NULL,
	seed			INTEGER NOT NULL,
	subset_percent		INTEGER NOT NULL,
	epochs			INTEGER NOT NULL,
	concurrency		INTEGER NOT NULL,
	cause			TEXT NOT NULL,	-- manual, schedule or submission
	cause_id		TEXT NOT NULL,	-- the schedule or the submission; ''
	tick_ms			INTEGER NOT NULL,	-- of the schedule; 0
	not_before_ms		INTEGER NOT NULL,	-- its jitter; 0
	state			TEXT NOT NULL,
	reason			TEXT NOT NULL,
	detail			TEXT NOT NULL,
	since_ms		INTEGER NOT NULL,
	lease			INTEGER NOT NULL,	-- number of the last one given: an older one writes nothing
	worker			TEXT NOT NULL,
	requeues		INTEGER NOT NULL,	-- leases that ended by silence
	cancelling		INTEGER NOT NULL,
	done			INTEGER NOT NULL,
	total			INTEGER NOT NULL,
	code			TEXT NOT NULL,	-- why it failed
	fault			TEXT NOT NULL,
	is_whole		INTEGER NOT NULL,	-- it finished, and every item of the suite was asked
	report			TEXT NOT NULL,	-- the manifest of its evidence: JSON, or ''
	key_id			TEXT NOT NULL,	-- that its worker has; ''
	created_at_ms		INTEGER NOT NULL,
	updated_at_ms		INTEGER NOT NULL,
	started_at_ms		INTEGER NOT NULL,
	finished_at_ms		INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_created ON runs (created_at_ms);
CREATE INDEX runs_finished ON runs (suite, finished_at_ms) WHERE is_whole = 1;
-- A tick makes one run a competitor, whatever clocks do.
CREATE UNIQUE INDEX runs_tick ON runs (cause_id, tick_ms, competitor_id) WHERE tick_ms <> 0;

CREATE TABLE run_items (
	run_id			TEXT NOT NULL REFERENCES runs (id),
	item			TEXT NOT NULL,
	epoch			INTEGER NOT NULL,
	id			TEXT NOT NULL,
	state			TEXT NOT NULL,
	fault			TEXT NOT NULL,
	result			TEXT NOT NULL,	-- JSON, as its worker sent it
	lease			INTEGER NOT NULL,
	at_ms			INTEGER NOT NULL,
	PRIMARY KEY (run_id, item, epoch)
) STRICT;

CREATE TABLE schedules (
	id			TEXT PRIMARY KEY,
	cron			TEXT NOT NULL,
	zone			TEXT NOT NULL,
	suite			TEXT NOT NULL,
	competitor_id		TEXT NOT NULL,	-- '' for all
	missed			TEXT NOT NULL,
	jitter_ms		INTEGER NOT NULL,
	seed			INTEGER NOT NULL,
	subset_percent		INTEGER NOT NULL,
	epochs			INTEGER NOT NULL,
	concurrency		INTEGER NOT NULL,
	looked_at_ms		INTEGER NOT NULL,	-- ticks until then are done with
	created_at_ms		INTEGER NOT NULL,
	updated_at_ms		INTEGER NOT NULL,
	removed_at_ms		INTEGER NOT NULL DEFAULT 0
) STRICT;
