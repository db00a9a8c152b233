-- Competitors, their versions, submissions and instances; usage and what was decided.
-- Times are milliseconds since 1970 UTC.

CREATE TABLE meta (
	key	TEXT PRIMARY KEY,
	value	TEXT NOT NULL
) STRICT;

CREATE TABLE competitors (
	id			TEXT PRIMARY KEY,
	slug			TEXT NOT NULL,
	wanted			TEXT NOT NULL CHECK (wanted IN ('running', 'stopped')),
	version_id		TEXT,		-- what serves; NULL until a submission was accepted
	created_at_ms		INTEGER NOT NULL,
	updated_at_ms		INTEGER NOT NULL,
	removed_at_ms		INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX competitors_slug ON competitors (slug) WHERE removed_at_ms = 0;

CREATE TABLE versions (
	id			TEXT PRIMARY KEY,
	competitor_id		TEXT NOT NULL REFERENCES competitors (id),
	kind			TEXT NOT NULL CHECK (kind IN ('image', 'url')),
	reference		TEXT NOT NULL,	-- as submitted: image reference or URL
	digest			TEXT NOT NULL,	-- of the manifest, or of the image where it has none; '' for a URL
	image_id		TEXT NOT NULL,
	manifest		TEXT NOT NULL,	-- JSON; '' is the default manifest
	accepted_at_ms		INTEGER NOT NULL DEFAULT 0,	-- 0: still on trial, or refused
	created_at_ms		INTEGER NOT NULL,
	updated_at_ms		INTEGER NOT NULL
) STRICT;
CREATE INDEX versions_competitor ON versions (competitor_id, created_at_ms);

CREATE TABLE submissions (
	id			TEXT PRIMARY KEY,
	slug			TEXT NOT NULL,
	kind			TEXT NOT NULL CHECK (kind IN ('image', 'url')),
	reference		TEXT NOT NULL,
	manifest		TEXT NOT NULL,
	state			TEXT NOT NULL,
	reason			TEXT NOT NULL,
	detail			TEXT NOT NULL,
	since_ms		INTEGER NOT NULL,
	digest			TEXT NOT NULL,
	is_local		INTEGER NOT NULL DEFAULT 0,	-- the digest is a local image id
	image_id		TEXT NOT NULL,
	version_id		TEXT,
	competitor_id		TEXT,
	instance_id		TEXT,
	fault			TEXT NOT NULL,
	evidence		TEXT NOT NULL,	-- JSON object, or ''
	attempts		INTEGER NOT NULL,
	created_at_ms		INTEGER NOT NULL,
	updated_at_ms		INTEGER NOT NULL
) STRICT;
CREATE INDEX submissions_created ON submissions (created_at_ms);

CREATE TABLE instances (
	id			TEXT PRIMARY KEY,
	competitor_id		TEXT NOT NULL REFERENCES competitors (id),
	version_id		TEXT NOT NULL REFERENCES versions (id),
	state			TEXT NOT NULL,
	reason			TEXT NOT NULL,
	detail			TEXT NOT NULL,
	since_ms		INTEGER NOT NULL,
	uid			INTEGER NOT NULL,
	token_sha256		TEXT NOT NULL,
	spec_hash		TEXT NOT NULL,
	restarts		INTEGER NOT NULL,
	failures		INTEGER NOT NULL,	-- in a row, for the back-off
	next_try_ms		INTEGER NOT NULL,	-- wall; while backing off
	evidence		TEXT NOT NULL,
	created_at_ms		INTEGER NOT NULL,
	updated_at_ms		INTEGER NOT NULL,
	removed_at_ms		INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX instances_competitor ON instances (competitor_id);

CREATE TABLE usage (
	request_id		TEXT NOT NULL,
	at_ms			INTEGER NOT NULL,
	competitor		TEXT NOT NULL,
	version_id		TEXT NOT NULL,
	instance_id		TEXT NOT NULL,
	code			TEXT NOT NULL,	-- '' when answered
	status			INTEGER NOT NULL,
	stream			INTEGER NOT NULL,
	attempts		INTEGER NOT NULL,
	prompt_tokens		INTEGER NOT NULL,
	completion_tokens	INTEGER NOT NULL,
	is_estimated		INTEGER NOT NULL,
	cost_micro_usd		INTEGER NOT NULL,
	duration_ms		INTEGER NOT NULL,
	ttft_ms			INTEGER NOT NULL,	-- -1: no content came
	max_gap_ms		INTEGER NOT NULL,
	bytes_in		INTEGER NOT NULL,
	bytes_out		INTEGER NOT NULL
) STRICT;
CREATE INDEX usage_at ON usage (at_ms);

CREATE TABLE events (
	id			TEXT PRIMARY KEY,
	at_ms			INTEGER NOT NULL,
	actor			TEXT NOT NULL,
	action			TEXT NOT NULL,
	object_id		TEXT NOT NULL,
	detail			TEXT NOT NULL
) STRICT;
