-- What competitors made and callers uploaded; the bytes are files named by their SHA-256.

CREATE TABLE artifacts (
	id		TEXT PRIMARY KEY,	-- artf_... or file-...
	owner		TEXT NOT NULL,	-- who may have it: a key, 'socket', or '' for callers without one
	request_id	TEXT NOT NULL,	-- of the chat it was announced in; ''
	competitor	TEXT NOT NULL,	-- its name; '' for an upload
	declared_id	TEXT NOT NULL,	-- what the competitor called it
	purpose		TEXT NOT NULL,	-- of an upload; '' for an artifact
	name		TEXT NOT NULL,
	kind		TEXT NOT NULL,
	type		TEXT NOT NULL,	-- media type
	sha256		TEXT NOT NULL,
	size_bytes	INTEGER NOT NULL,
	created_at_ms	INTEGER NOT NULL,
	expires_at_ms	INTEGER NOT NULL	-- 0: it stays until it is deleted
) STRICT;
