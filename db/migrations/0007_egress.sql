-- What competitors called at the platform.

CREATE TABLE egress (
	id			TEXT PRIMARY KEY,
	at_ms			INTEGER NOT NULL,
	competitor		TEXT NOT NULL,	-- its name
	instance_id		TEXT NOT NULL,
	request_id		TEXT NOT NULL,	-- of the chat it was charged to; '' for the competitor alone
	service			TEXT NOT NULL,
	operation		TEXT NOT NULL,
	target			TEXT NOT NULL,	-- a model, a host, a path
	decision		TEXT NOT NULL,
	code			TEXT NOT NULL,	-- '' when it went well
	status			INTEGER NOT NULL,
	calls			INTEGER NOT NULL,	-- that were refused alike
	duration_ms		INTEGER NOT NULL,
	bytes_in		INTEGER NOT NULL,
	bytes_out		INTEGER NOT NULL,
	prompt_tokens		INTEGER NOT NULL,
	completion_tokens	INTEGER NOT NULL,
	sandbox_ms		INTEGER NOT NULL,
	cost_micro_usd		INTEGER NOT NULL	-- -1: its price is not known
) STRICT;
CREATE INDEX egress_request ON egress (request_id, instance_id) WHERE request_id <> '';
