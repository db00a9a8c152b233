-- The marketplace: what others offer to competitors, version by version; and how often what the platform offers was
-- called, by day, for longer than its calls are kept.

CREATE TABLE components (
	id		TEXT NOT NULL,	-- cmp.<namespace>.<name>
	version		TEXT NOT NULL,
	state		TEXT NOT NULL,
	reason		TEXT NOT NULL,	-- of the last review
	owner		TEXT NOT NULL,	-- the key that submitted it, or admin
	author		TEXT NOT NULL,	-- that key's name
	reviewer	TEXT NOT NULL,
	manifest	TEXT NOT NULL,	-- as it was accepted, but for the contract's document
	contract	TEXT NOT NULL,	-- that document; '' where the manifest has an address instead
	created_at_ms	INTEGER NOT NULL,
	updated_at_ms	INTEGER NOT NULL,
	reviewed_at_ms	INTEGER NOT NULL,
	PRIMARY KEY (id, version)
) STRICT;

CREATE TABLE egress_days (
	service		TEXT NOT NULL,
	operation	TEXT NOT NULL,
	competitor	TEXT NOT NULL,
	day		INTEGER NOT NULL,	-- of UTC, since 1970
	calls		INTEGER NOT NULL,	-- that were allowed
	PRIMARY KEY (service, operation, competitor, day)
) STRICT, WITHOUT ROWID;
INSERT INTO egress_days
SELECT service, operation, competitor, at_ms / 86400000, SUM(calls)
FROM egress WHERE decision = 'allowed' GROUP BY 1, 2, 3, 4;
