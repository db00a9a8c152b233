-- What a competitor did elsewhere, as the bundles tell that brought it: the texts of theirs that were signed.

CREATE TABLE histories (
	submission_id	TEXT NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,	-- that brought it
	place		INTEGER NOT NULL,	-- among those it brought, the oldest 0
	signer		TEXT NOT NULL,	-- the public key its signature was checked with
	exported_at_ms	INTEGER NOT NULL,	-- by its signer's clock
	imported_at_ms	INTEGER NOT NULL,
	manifest	TEXT NOT NULL,	-- manifest.json, signature.json and competitor.json of the bundle
	signature	TEXT NOT NULL,
	story		TEXT NOT NULL,
	PRIMARY KEY (submission_id, place)
) STRICT;
